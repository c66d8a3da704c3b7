import type { AssessedWord, EngineKind, Language, Level, PricedUse, TutorMemory } from '../../speech/engine.ts';
import type { FrameQueue } from '../audio/frame-queue.ts';
import type { OpusCodec } from '../audio/opus-types.ts';
import type { SlotSound } from '../audio/slot-sound.ts';
import type { SpeakerOutlet } from '../audio/speaker-outlet.ts';
import type { VoiceSettings } from '../audio/voice-types.ts';
import type { CallEventName, CallEvents, EndReason } from '../protocol.ts';
import type { TurnSettings } from './turn-settings.ts';

/**
 * What a call needs of the rest of the house, stated by the call. `app/` plugs the answers in:
 * billing behind `CallMeter`, PostgreSQL behind `CallStore`.
 */

export interface MeterReading {
  /** Talk time, in whole ms from its beginning, that is held for this call: it may not go on past it. */
  readonly heldMs: number;
  /** Talk time that the balance would cover if nothing else spent from it; at least `heldMs`. */
  readonly coveredMs: number;
}

export interface CallMeter {
  /**
   * The call lives and has talked `talkedMs`: writes the heartbeat and extends the hold a minute ahead.
   * @throws AppError `call_not_found`, `call_ended` (staff or the sweeper ended it).
   */
  beat(callId: string, talkedMs: number): Promise<MeterReading>;
  /** The call is over. Idempotent: the first end stands. What follows (the charge) is not waited for. */
  end(callId: string, ending: CallEnding): Promise<void>;
}

export interface CallEnding {
  readonly reason: EndReason;
  /** Whole ms with media connected, by a monotonic clock; 0 when it never was. */
  readonly talkedMs: number;
}

export interface CallRecord {
  readonly id: string;
  readonly userId: string;
  readonly nodeId: string;
  readonly status: 'placed' | 'live' | 'ended' | 'finalized';
  readonly language: Language;
  readonly level: Level;
  /** Talked before, when the call goes on after a reconnect or on another node. */
  readonly talkedMs: number;
  readonly tutorMemory: TutorMemory | undefined;
  /** The engine that staff asked for when they placed it. */
  readonly askedEngine?: string;
  /** Who served it before, on this node or another. */
  readonly served?: CallEnginesRecord;
}

/** One side's turn, as it is kept in `call_turns`. Milliseconds count from the end of the learner's speech. */
export interface TurnRecord {
  readonly ordinal: number;
  readonly speaker: 'learner' | 'tutor';
  readonly text: string;
  /** What the learner heard of a tutor's turn; for a learner's turn the same as `text`. */
  readonly heardText: string;
  readonly interrupted: boolean;
  readonly words: readonly AssessedWord[] | undefined;
  readonly engines: Readonly<Record<string, string>>;
  /** Talk time of the call at which the turn began. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly stages: Readonly<Partial<Record<TurnStage, number>>>;
  /** What the engines did for it; absent where nobody counted, or where a stored turn is read. */
  readonly usage?: readonly PricedUse[];
}

/** The engines that a call was asked to have, those that served it, and each change from one to the next. */
export interface CallEnginesRecord {
  readonly used: Readonly<Partial<Record<EngineKind, readonly string[]>>>;
  readonly changes: readonly EngineChange[];
}

export interface EngineChange {
  readonly kind: EngineKind;
  readonly from: string;
  /** `pipeline`: from speech to speech to the three others. */
  readonly to: string;
  /** Why: the failure's code. */
  readonly code: string;
  readonly talkedMs: number;
}

/** `stop` alone counts from the beginning of the speech that interrupted the turn, to the tutor's silence. */
export type TurnStage =
  | 'endpoint'
  | 'final_transcript'
  | 'first_token'
  | 'first_sentence'
  | 'first_audio'
  | 'reply'
  | 'stop';

/** The numbers of a conversation, as they are when the call starts. */
export interface ConversationSettings {
  readonly turns: TurnSettings;
  readonly voice: Required<VoiceSettings>;
}

/** Writes of a node that has lost the call to another are refused: `call_on_other_node`. */
export interface CallStore {
  /** @throws AppError `call_not_found` when there is no such call of this user. */
  load(callId: string, userId: string): Promise<CallRecord>;
  turns(callId: string): Promise<readonly TurnRecord[]>;
  /** The media is connected for the first time. */
  markLive(callId: string): Promise<void>;
  /** Inserts the turn, or replaces the one with the same ordinal. */
  saveTurn(callId: string, turn: TurnRecord): Promise<void>;
  saveTutorMemory(callId: string, memory: TutorMemory): Promise<void>;
  /** Replaces what was written before. */
  saveEngines(callId: string, engines: CallEnginesRecord): Promise<void>;
}

/** Keeps both sides of one call. Times are of the pacer's slots. */
export interface CallRecorder {
  advance(nowMs: number): void;
  /** What the learner heard, or said, from `atMs` on: 20 ms. */
  tutor(atMs: number, sound: SlotSound): void;
  learner(atMs: number, sound: SlotSound): void;
  /** Aborted when the store has failed: nothing more is kept. */
  readonly broken: AbortSignal;
  /** Resolves when it is stored. Idempotent; never rejects. */
  close(): Promise<void>;
}

export interface CallRecordings {
  /** Nothing where the call is not to be recorded. Never rejects. */
  begin(callId: string, codec: OpusCodec): Promise<CallRecorder | undefined>;
}

/** A call's voice over the signaling's connection instead of WebRTC. */
export interface SocketVoicePort {
  readonly stream: number;
  /** Of the tutor's MP3. */
  readonly sampleRate: number;
  readonly queue: FrameQueue;
  readonly mouth: SpeakerOutlet;
  /** The page begins to record. @throws AppError `transcoder_unavailable` */
  listen(container: 'webm' | 'mp4' | 'ogg'): void;
  hear(bytes: Uint8Array): void;
  played(positionMs: number): void;
  /** Idempotent. */
  close(): void;
}

/** @throws AppError `transcoder_unavailable` */
export type OpenSocketVoice = (options: {
  readonly stream: number;
  readonly send: <Name extends CallEventName>(name: Name, payload: CallEvents[Name]) => void;
  readonly onFailed: (error: unknown) => void;
}) => SocketVoicePort;
