import { z } from 'zod';
import { defineSetting } from '../../platform/settings.ts';
import { defaultFallbackLimits, type FallbackLimits } from './fallback-context.ts';

/**
 * How patient a call is with its engines. The bounds keep two attempts within the silence after which a conversation takes
 * all of them for dead (`turns.engine_silence_ms`).
 */
function limit(name: keyof FallbackLimits, key: string, bounds: readonly [least: number, most: number], words: Words) {
  return defineSetting({
    key: `speech.${key}`,
    schema: z.int().min(bounds[0]).max(bounds[1]),
    fallback: defaultFallbackLimits[name],
    unit: 'ms',
    description: words,
  });
}

interface Words {
  readonly en: string;
  readonly ru: string;
}

const settings = {
  firstResultMs: limit('firstResultMs', 'first_result_ms', [500, 8_000], {
    en: 'How long an engine may keep a call waiting for its first word or sound, before the next one is asked',
    ru: 'Сколько движок может заставить ждать первого слова или звука, прежде чем спросят следующий',
  }),
  stallMs: limit('stallMs', 'stall_ms', [500, 8_000], {
    en: 'How long an engine may pause within an answer or a sentence',
    ru: 'Сколько движок может молчать посреди ответа или фразы',
  }),
  answerMs: limit('answerMs', 'answer_ms', [1_000, 20_000], {
    en: 'From the question to the apology, when no engine has answered',
    ru: 'От вопроса до извинения, если ни один движок не ответил',
  }),
  finalMs: limit('finalMs', 'final_ms', [500, 8_000], {
    en: 'How long an engine may take for the last words of what was said',
    ru: 'Сколько движок может разбирать последние слова сказанного',
  }),
  replayMs: limit('replayMs', 'replay_ms', [1_000, 60_000], {
    en: 'How much of what was said last is kept, for the next engine to hear it again',
    ru: 'Сколько последней речи хранится, чтобы следующий движок услышал её снова',
  }),
} as const;

export const limitSettings = Object.values(settings);

/** As they are set now. */
export function limitsFrom(valueOf: (setting: (typeof limitSettings)[number]) => number): FallbackLimits {
  const { firstResultMs, stallMs, answerMs, finalMs, replayMs } = settings;
  return {
    firstResultMs: valueOf(firstResultMs),
    stallMs: valueOf(stallMs),
    answerMs: valueOf(answerMs),
    finalMs: valueOf(finalMs),
    replayMs: valueOf(replayMs),
  };
}
