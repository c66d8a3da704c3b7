import assert from 'node:assert/strict';
import type { Clock } from '../../platform/clock.ts';
import { LivedClock } from '../lived-clock.ts';

/** Reads an engine's events one by one, each with a deadline, and keeps what was read. */
export class EventReader<Event extends { readonly type: string }> {
  readonly seen: Event[] = [];
  readonly #iterator: AsyncIterator<Event>;
  readonly #deadlineMs: number;
  readonly #clock: Clock = new LivedClock();
  /** A read that ran into its deadline is taken up by the next one. */
  #pending: Promise<IteratorResult<Event>> | undefined;

  constructor(events: AsyncIterable<Event>, deadlineMs: number) {
    this.#iterator = events[Symbol.asyncIterator]();
    this.#deadlineMs = deadlineMs;
  }

  /** The next event, or `undefined` at the end. */
  async next(): Promise<Event | undefined> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#clock.after(this.#deadlineMs, () =>
      reject(new Error(`No event within ${this.#deadlineMs} ms`)),
    );
    this.#pending ??= this.#iterator.next();
    try {
      const result = await Promise.race([this.#pending, late]);
      this.#pending = undefined;
      if (result.done) return undefined;
      this.seen.push(result.value);
      return result.value;
    } finally {
      timer.cancel();
    }
  }

  /** Reads up to the first event of this type. */
  async until<Type extends Event['type']>(type: Type): Promise<Extract<Event, { readonly type: Type }>> {
    for (;;) {
      const event = await this.next();
      assert.ok(event, `The events ended without "${type}"`);
      if (event.type === type) return event as Extract<Event, { readonly type: Type }>;
    }
  }

  /** Stops reading, as `break` does. */
  async leave(): Promise<void> {
    await this.#iterator.return?.();
  }

  /** Reads to the end; what came since the last read. */
  async rest(): Promise<Event[]> {
    const from = this.seen.length;
    while ((await this.next()) !== undefined) continue;
    return this.seen.slice(from);
  }
}

/** Names what came, and leaves the audio out: a difference of thousands of samples takes minutes to print. */
export function assertNoEvents(events: readonly { readonly type: string }[]): void {
  assert.equal(events.map(({ type }) => type).join(', '), '');
}
