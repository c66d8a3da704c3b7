import type { Knex } from 'knex';
import { z } from 'zod';
import { defineSetting, readSetting } from '../../platform/settings.ts';

/** What one turn over HTTP may send, and how long a conversation waits for the next one. */
export interface VoiceTurnLimits {
  readonly maxBytes: number;
  readonly maxDurationMs: number;
  /** An upload from which nothing comes for so long has failed. */
  readonly uploadSilenceMs: number;
  /** A conversation without a turn for so long has ended. */
  readonly idleMs: number;
}

const LONGEST_SECONDS = 600;
const WAY_SECONDS = 30;

/** A live upload takes as long as it is spoken, and a little for the way. */
export function uploadLimitMs({ maxDurationMs }: VoiceTurnLimits): number {
  return maxDurationMs + WAY_SECONDS * 1_000;
}

/** By when the longest upload that can be allowed has arrived whole: for the servers that it passes. */
export const UPLOAD_DEADLINE_MS = (LONGEST_SECONDS + 2 * WAY_SECONDS) * 1_000;

export const maxBytesSetting = defineSetting({
  key: 'voice_turn.max_bytes',
  schema: z.int().min(10_000).max(100_000_000),
  fallback: 10_485_760,
  unit: 'bytes',
  description: { en: 'The largest upload of one turn', ru: 'Самый большой файл одной реплики' },
});
const maxSeconds = defineSetting({
  key: 'voice_turn.max_seconds',
  schema: z.int().min(1).max(LONGEST_SECONDS),
  fallback: 120,
  unit: 'seconds',
  description: { en: 'The longest speech in one turn', ru: 'Самая длинная речь в одной реплике' },
});
const uploadSilenceSeconds = defineSetting({
  key: 'voice_turn.upload_silence_seconds',
  schema: z.int().min(1).max(60),
  fallback: 15,
  unit: 'seconds',
  description: {
    en: 'An upload from which nothing comes for so long has failed',
    ru: 'Загрузка, из которой столько времени ничего не приходит, считается оборванной',
  },
});
const idleSeconds = defineSetting({
  key: 'voice_turn.idle_seconds',
  schema: z.int().min(10).max(3_600),
  fallback: 300,
  unit: 'seconds',
  description: {
    en: 'A conversation in uploads ends when no turn came for so long',
    ru: 'Разговор по загрузкам заканчивается, если столько времени не было реплики',
  },
});

/** All of them: for whoever shows them. */
export const voiceTurnSettings = [maxBytesSetting, maxSeconds, uploadSilenceSeconds, idleSeconds] as const;

/** As they are now. */
export async function readVoiceTurnLimits(knex: Knex): Promise<VoiceTurnLimits> {
  const [bytes, seconds, silenceSeconds, idle] = await Promise.all([
    readSetting(knex, maxBytesSetting),
    readSetting(knex, maxSeconds),
    readSetting(knex, uploadSilenceSeconds),
    readSetting(knex, idleSeconds),
  ]);
  return {
    maxBytes: bytes,
    maxDurationMs: seconds * 1_000,
    uploadSilenceMs: silenceSeconds * 1_000,
    idleMs: idle * 1_000,
  };
}
