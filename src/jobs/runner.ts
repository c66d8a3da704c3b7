import type { Clock } from '../platform/clock.ts';
import type { JobName, Payload } from './definitions.ts';

/** What does each job. Any of them may be done twice, and then does no more than once. */
export type Handlers = {
  readonly [Name in JobName]: (payload: Payload<Name>, context: JobContext) => Promise<void>;
};

export interface JobContext {
  /** Aborted when the process stops and the job has taken too long to wait for. */
  readonly signal: AbortSignal;
}

/** Runs handlers. A scheduled job is done once at a time in a process: a run that takes long keeps no others waiting. */
export class Runner {
  readonly #handlers: Handlers;
  readonly #clock: Clock;
  readonly #running = new Set<JobName>();
  readonly #finishedAtMs = new Map<JobName, number>();
  readonly #startedAtMs: number;

  constructor(handlers: Handlers, clock: Clock) {
    this.#handlers = handlers;
    this.#clock = clock;
    this.#startedAtMs = clock.monotonicMs();
  }

  async run<Name extends JobName>(name: Name, payload: Payload<Name>, signal: AbortSignal): Promise<void> {
    const handler: Handlers[Name] = this.#handlers[name];
    if (name === 'finalize-call') return handler(payload, { signal });
    if (this.#running.has(name)) return;
    this.#running.add(name);
    try {
      await handler(payload, { signal });
    } finally {
      this.#running.delete(name);
      this.#finishedAtMs.set(name, this.#clock.monotonicMs());
    }
  }

  /** Milliseconds since the job was last done here, well or not, or since the start; 0 while it is under way. */
  idleMs(name: JobName): number {
    if (this.#running.has(name)) return 0;
    return this.#clock.monotonicMs() - (this.#finishedAtMs.get(name) ?? this.#startedAtMs);
  }
}
