import type { Clock } from '../../platform/clock.ts';
import { timedOut } from './circuit-breakers.ts';

export interface TimedEventsOptions {
  readonly engine: string;
  /** The longest wait for the first event. */
  readonly firstMs: number;
  /** The longest wait for every further one. */
  readonly stallMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * An engine's events, with an end to its silence. Whoever leaves the iteration aborts the engine.
 * @throws EngineError `engine_timed_out`, and what the engine throws
 */
export async function* timedEvents<Event>(
  open: (signal: AbortSignal) => AsyncIterable<Event>,
  { engine, firstMs, stallMs, clock, signal }: TimedEventsOptions,
): AsyncGenerator<Event> {
  const abort = new AbortController();
  const events = open(AbortSignal.any([signal, abort.signal]))[Symbol.asyncIterator]();
  try {
    for (let limitMs = firstMs; ; limitMs = stallMs) {
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

/** @throws EngineError `engine_timed_out` */
async function within<Value>(wait: Promise<Value>, limitMs: number, clock: Clock, engine: string): Promise<Value> {
  const expired = Promise.withResolvers<never>();
  const timer = clock.after(limitMs, () => expired.reject(timedOut(engine, limitMs)));
  try {
    return await Promise.race([wait, expired.promise]);
  } finally {
    timer.cancel();
  }
}
