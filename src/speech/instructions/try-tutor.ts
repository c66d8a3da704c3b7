import type { Clock } from '../../platform/clock.ts';
import type { Language, Level, TokenUsage, Tutor } from '../engine.ts';
import { addUsage } from '../token-usage.ts';

export interface TutorTrial {
  readonly answer: string;
  readonly engine: string;
  /** From the question to the first word, and to the last. */
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly usage: TokenUsage | undefined;
}

/**
 * What the tutor answers to one sentence under these instructions, outside of any call.
 * @throws EngineError of the tutor; the signal's reason when it aborts
 */
export async function tryTutor(
  { tutor, clock, signal }: { readonly tutor: Tutor; readonly clock: Clock; readonly signal: AbortSignal },
  asked: { readonly instructions: string; readonly text: string; readonly language: Language; readonly level: Level },
): Promise<TutorTrial> {
  const { instructions, text, language, level } = asked;
  const startedMs = clock.monotonicMs();
  let firstTokenMs: number | undefined;
  let answer = '';
  let usage: TokenUsage | undefined;
  const request = {
    occasion: 'turn',
    heard: text,
    history: [],
    memory: undefined,
    language,
    level,
    instructions,
  } as const;
  for await (const event of tutor.reply(request, signal)) {
    if (event.type === 'text') {
      firstTokenMs ??= clock.monotonicMs() - startedMs;
      answer += event.delta;
    } else if (event.type === 'usage') usage = addUsage(usage, event.usage);
  }
  signal.throwIfAborted();
  const totalMs = clock.monotonicMs() - startedMs;
  return { answer: answer.trim(), engine: tutor.name, firstTokenMs: firstTokenMs ?? totalMs, totalMs, usage };
}
