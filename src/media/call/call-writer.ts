import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../../platform/log.ts';
import type { TutorMemory } from '../../speech/engine.ts';
import type { EngineListener } from './call-engines.ts';
import { EngineBook } from './engine-book.ts';
import type { CallEnding, CallEnginesRecord, CallMeter, CallRecord, CallStore, TurnRecord } from './ports.ts';
import { WriteQueue } from './write-queue.ts';

export interface CallWriterOptions {
  readonly record: CallRecord;
  readonly store: CallStore;
  readonly meter: CallMeter;
  readonly log: Logger;
  /** Whole ms talked in the call so far. */
  readonly talkedMs: () => number;
}

/** What is kept of one call: its turns with what the engines did for them, who served it, and its end. In order, away from the audio. */
export class CallWriter implements EngineListener {
  readonly #options: CallWriterOptions;
  readonly #queue: WriteQueue;
  readonly #engines: EngineBook;

  constructor(options: CallWriterOptions) {
    this.#options = options;
    this.#queue = new WriteQueue(options.log);
    this.#engines = new EngineBook(options.record.served);
  }

  get #id(): string {
    return this.#options.record.id;
  }

  live(): void {
    this.#queue.add('live', () => this.#options.store.markLive(this.#id));
  }

  turn(turn: TurnRecord): void {
    this.#saveTurn(this.#engines.charge(turn));
    this.#saveEngines(this.#engines.note(turn));
  }

  memory(memory: TutorMemory): void {
    this.#queue.add('memory', () => this.#options.store.saveTutorMemory(this.#id, memory));
  }

  readonly onUse: EngineListener['onUse'] = (use) => this.#engines.add(use);

  readonly onChange: EngineListener['onChange'] = (change) => {
    this.#engines.change({ ...change, talkedMs: this.#options.talkedMs() });
    this.#saveEngines(this.#engines.record());
  };

  /** The last word: resolves when everything is written or given up. */
  async end(ending: CallEnding): Promise<void> {
    // An answer that is cut off counts what it did a little later.
    await setImmediate();
    await this.#queue.idle();
    const last = this.#engines.chargeRest();
    if (last) this.#saveTurn(last);
    // After it nothing is written any more: whoever erases the call counts on it.
    this.#queue.add('end', () => this.#options.meter.end(this.#id, ending));
    await this.#queue.idle();
  }

  #saveTurn(turn: TurnRecord): void {
    this.#queue.add('turn', () => this.#options.store.saveTurn(this.#id, turn));
  }

  #saveEngines(engines: CallEnginesRecord | undefined): void {
    if (engines) this.#queue.add('engines', () => this.#options.store.saveEngines(this.#id, engines));
  }
}
