import { z } from 'zod';
import type { StoredCall } from './call-models.ts';
import type { TurnRecord } from './call/ports.ts';

/** How calls look in the API. */

export const languageSchema = z.enum(['en', 'ru']);
export const levelSchema = z.enum(['beginner', 'intermediate', 'advanced']);

export const placeAnswer = z
  .object({
    call_id: z.uuid(),
    signaling: z.object({ path: z.string().describe('Path of socket.io on this origin') }),
    token: z.string().describe('For the signaling’s `auth.token`; bound to this call'),
  })
  .meta({ id: 'CallPlace' });

const moment = z.iso.datetime().nullable();

export const callAnswer = z
  .object({
    call_id: z.uuid(),
    status: z.enum(['placed', 'live', 'ended', 'finalized']),
    language: languageSchema,
    level: levelSchema,
    placed_at: z.iso.datetime(),
    started_at: moment.describe('When the media was first connected'),
    ended_at: moment,
    end_reason: z.string().nullable(),
    duration_sec: z.int().describe('Talk time in whole seconds'),
    billed_minutes: z.int().nullable().describe('Null until the call has been charged; 0 when it cost nothing'),
  })
  .meta({ id: 'Call' });

export const turnAnswer = z
  .object({
    ordinal: z.int(),
    speaker: z.enum(['learner', 'tutor']),
    text: z.string(),
    heard_text: z.string().describe('Of a tutor’s turn, what the learner heard before interrupting'),
    interrupted: z.boolean(),
    words: z
      .array(
        z.object({
          text: z.string(),
          mark: z.enum(['right', 'wrong', 'missing', 'extra']),
          heard: z.string().optional(),
        }),
      )
      .nullable()
      .describe('A drill’s assessment of the learner’s words'),
    started_at_ms: z.int().describe('Talk time of the call at the turn’s beginning'),
    duration_ms: z.int(),
    stages_ms: z.record(z.string(), z.number()).describe('From the end of the learner’s speech'),
  })
  .meta({ id: 'CallTurn' });

export const recordingTermsAnswer = z.object({
  offered: z.boolean(),
  keep_days: z.int().describe('From the end of the call to the deletion of its recording'),
});

const recordingAnswer = z
  .object({
    part: z.int().describe('From 1; one more for each media node that the call was on'),
    url: z.string().describe('Ogg/Opus, learner left, tutor right; with a pass that is good for some hours'),
    started_at: z.iso.datetime(),
    duration_ms: z.int().nullable(),
    bytes: z.int().nullable(),
  })
  .meta({ id: 'CallRecording' });

export const callWithTurnsAnswer = callAnswer
  .extend({ turns: z.array(turnAnswer), recordings: z.array(recordingAnswer) })
  .meta({ id: 'CallWithTurns' });

/** One file of a call's recording. */
export interface RecordingLink {
  readonly part: number;
  readonly url: string;
  readonly startedAt: Date;
  /** Both null where the process died before it could say. */
  readonly durationMs: number | null;
  readonly bytes: number | null;
}

export function toRecordingAnswer(link: RecordingLink): z.output<typeof recordingAnswer> {
  const { part, url, startedAt, durationMs, bytes } = link;
  return { part, url, started_at: startedAt.toISOString(), duration_ms: durationMs, bytes };
}

export function toCallAnswer(call: StoredCall, billedMinutes: number | undefined): z.output<typeof callAnswer> {
  return {
    call_id: call.id,
    status: call.status,
    language: call.language,
    level: call.level,
    placed_at: call.placedAt.toISOString(),
    started_at: call.liveAt?.toISOString() ?? null,
    ended_at: call.endedAt?.toISOString() ?? null,
    end_reason: call.endReason,
    duration_sec: Math.floor(call.talkedMs / 1000),
    billed_minutes: call.status === 'finalized' ? (billedMinutes ?? 0) : null,
  };
}

export function toTurnAnswer(turn: TurnRecord): z.output<typeof turnAnswer> {
  return {
    ordinal: turn.ordinal,
    speaker: turn.speaker,
    text: turn.text,
    heard_text: turn.heardText,
    interrupted: turn.interrupted,
    words: turn.words?.map((word) => ({ ...word })) ?? null,
    started_at_ms: turn.startedAtMs,
    duration_ms: turn.durationMs,
    stages_ms: { ...turn.stages },
  };
}
