import type { Clock } from '../../platform/clock.ts';
import { EngineError } from '../../speech/engine.ts';

export interface EngineSilenceOptions {
  readonly engine: string;
  /** The longest wait for the next event. */
  readonly limitMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * An engine's events, with an end to its silence: one that says nothing for `limitMs` is aborted, so that no engine, however
 * it hangs, keeps a conversation waiting.
 * @throws EngineError `engine_timed_out`, and what the engine throws.
 */
export async function* untilSilent<Event>(
  open: (signal: AbortSignal) => AsyncIterable<Event>,
  { engine, limitMs, clock, signal }: EngineSilenceOptions,
): AsyncGenerator<Event> {
  const abort = new AbortController();
  const events = open(AbortSignal.any([signal, abort.signal]))[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await within(events.next(), limitMs, clock, engine);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    abort.abort();
    // An engine that hangs may never answer this either.
    events.return?.().catch(() => {});
  }
}

async function within<Value>(wait: Promise<Value>, limitMs: number, clock: Clock, engine: string): Promise<Value> {
  const expired = Promise.withResolvers<never>();
  const timer = clock.after(limitMs, () =>
    expired.reject(
      new EngineError({
        engine,
        code: 'engine_timed_out',
        message: `Nothing came from the engine for ${limitMs} ms.`,
        retryable: true,
      }),
    ),
  );
  try {
    return await Promise.race([wait, expired.promise]);
  } finally {
    timer.cancel();
  }
}
