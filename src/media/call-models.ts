import { Model, snakeCaseMappers } from 'objection';
import type { AssessedWord, Language, Level, TutorMemory } from '../speech/engine.ts';
import type { CallEnginesRecord, TurnStage } from './call/ports.ts';
import type { UsageLine } from './turn-usage.ts';
import type { EndReason } from './protocol.ts';

/** Rows of calls and their turns. Properties are camelCase; conditions of a query name columns as they are. */

export type CallStatus = 'placed' | 'live' | 'ended' | 'finalized';

/** Live, over WebRTC or a socket; or in turns, over HTTP. */
export type CallChannel = 'live' | 'http';

export class StoredCall extends Model {
  static override readonly tableName = 'calls';
  static override readonly columnNameMappers = snakeCaseMappers();
  static override readonly jsonAttributes = ['engines', 'tutorMemory'];

  declare readonly id: string;
  declare readonly userAccountId: string;
  declare status: CallStatus;
  declare nodeId: string;
  declare readonly language: Language;
  declare readonly level: Level;
  /** What staff asked for (`asked`), what was used and each change. */
  declare engines: Partial<CallEnginesRecord> & { readonly asked?: string };
  declare tutorMemory: TutorMemory | null;
  declare readonly channel: CallChannel;
  declare readonly idempotencyKey: string | null;
  declare readonly recordingConsentAt: Date | null;
  declare readonly placedAt: Date;
  declare liveAt: Date | null;
  declare talkedMs: number;
  declare lastBeatAt: Date | null;
  declare endedAt: Date | null;
  declare endReason: EndReason | null;
}

export class StoredTurn extends Model {
  static override readonly tableName = 'call_turns';
  static override readonly idColumn = ['call_id', 'ordinal'];
  static override readonly columnNameMappers = snakeCaseMappers();
  static override readonly jsonAttributes = ['words', 'engines', 'stages', 'usageLines'];

  declare readonly callId: string;
  declare readonly ordinal: number;
  declare speaker: 'learner' | 'tutor';
  declare text: string;
  declare heardText: string;
  declare interrupted: boolean;
  declare words: readonly AssessedWord[] | null;
  declare engines: Readonly<Record<string, string>>;
  declare startedAtMs: number;
  declare durationMs: number;
  declare stages: Readonly<Partial<Record<TurnStage, number>>>;
  declare usageLines: readonly UsageLine[];
  declare usageAudioInMs: number;
  declare usageAudioOutMs: number;
  declare usageCharacters: number;
  declare usageInputTokens: number;
  declare usageOutputTokens: number;
  declare costMicroRub: number;
}
