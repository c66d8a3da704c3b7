import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import { EngineError, type EngineKind } from '../engine.ts';
import { advanceCircuit, type Circuit, type CircuitEvent, type CircuitSettings, closedCircuit } from './circuit.ts';
import { type EngineMetrics, showBreaker } from './engine-metrics.ts';

/** Resolves when the engine works; anything thrown says that it does not. */
export type Probe = (signal: AbortSignal) => Promise<void>;

export interface Breaker {
  /** Whether a call should try it before others. */
  readonly closed: boolean;
  succeeded(): void;
  failed(error: unknown): void;
}

export interface CircuitBreakersOptions {
  readonly settings: CircuitSettings;
  /** A probe without an answer by then has failed. */
  readonly probeLimitMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: EngineMetrics;
}

interface NamedEngine {
  readonly name: string;
}

/** One breaker for each engine of a process, shared by all of its calls. */
export class CircuitBreakers {
  readonly #options: CircuitBreakersOptions;
  readonly #breakers = new Map<string, EngineBreaker>();

  constructor(options: CircuitBreakersOptions) {
    this.#options = options;
  }

  /**
   * Asked for by each call when it begins, perhaps more than once. Another engine by the same name, one with a model that was set since, has a
   * clean record; calls that still have the one before keep its breaker, which probes no more.
   */
  of<Engine extends NamedEngine>(kind: EngineKind, engine: Engine, probeOf: (engine: Engine) => Probe): Breaker {
    const key = `${kind} ${engine.name}`;
    const known = this.#breakers.get(key);
    if (known?.engine === engine) return known;
    known?.close();
    const breaker = new EngineBreaker(this.#options, kind, engine, probeOf(engine));
    this.#breakers.set(key, breaker);
    return breaker;
  }

  /** Ends the probes. Idempotent. */
  close(): void {
    for (const breaker of this.#breakers.values()) breaker.close();
  }
}

class EngineBreaker implements Breaker {
  readonly #options: CircuitBreakersOptions;
  readonly #kind: EngineKind;
  readonly engine: NamedEngine;
  readonly #probe: Probe;
  readonly #closing = new AbortController();
  #circuit: Circuit = closedCircuit;
  #timer: Timer | undefined;

  constructor(options: CircuitBreakersOptions, kind: EngineKind, engine: NamedEngine, probe: Probe) {
    this.#options = options;
    this.#kind = kind;
    this.engine = engine;
    this.#probe = probe;
    showBreaker(options.metrics, kind, engine.name, 'closed');
  }

  get closed(): boolean {
    return this.#circuit.status === 'closed';
  }

  succeeded(): void {
    this.#take({ type: 'succeeded', atMs: this.#now() });
  }

  failed(error: unknown): void {
    const known = error instanceof EngineError ? error : undefined;
    const code = known?.code ?? 'engine_failed';
    // A quota does not come back by itself. A text that was refused is one call's affair: the others keep their engine.
    const lasting =
      known !== undefined && (code === 'engine_quota_exceeded' || (!known.retryable && !known.aboutRequest));
    this.#options.metrics.failures.inc({ kind: this.#kind, engine: this.engine.name, code });
    this.#take({ type: 'failed', lasting, retryAfterMs: known?.retryAfterMs, atMs: this.#now() });
  }

  /** It asks for nothing by itself from now on, and tells nobody. Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#closing.abort();
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #take(event: CircuitEvent): void {
    const before = this.#circuit;
    this.#circuit = advanceCircuit(before, event, this.#options.settings);
    const { status } = this.#circuit;
    if (before.status === status || this.#closing.signal.aborted) return;
    const { log, metrics, clock } = this.#options;
    showBreaker(metrics, this.#kind, this.engine.name, status);
    const fields = { kind: this.#kind, engine: this.engine.name };
    this.#timer?.cancel();
    if (status === 'closed') log.info(fields, 'An engine works again');
    else if (status === 'probing') void this.#runProbe();
    else if (this.#circuit.status === 'open') {
      const { untilMs } = this.#circuit;
      const pauseMs = untilMs - this.#now();
      log.warn({ ...fields, pauseMs }, 'An engine is left alone for a while');
      this.#timer = clock.after(pauseMs, () =>
        this.#take({ type: 'time_passed', atMs: Math.max(untilMs, this.#now()) }),
      );
    }
  }

  async #runProbe(): Promise<void> {
    const { clock, probeLimitMs } = this.#options;
    const late = new AbortController();
    const expired = Promise.withResolvers<never>();
    const timer = clock.after(probeLimitMs, () => {
      late.abort();
      expired.reject(timedOut(this.engine.name, probeLimitMs));
    });
    try {
      await Promise.race([this.#probe(AbortSignal.any([late.signal, this.#closing.signal])), expired.promise]);
      this.succeeded();
    } catch (error) {
      if (!this.#closing.signal.aborted) this.failed(error);
    } finally {
      timer.cancel();
    }
  }
}

export function timedOut(engine: string, limitMs: number): EngineError {
  return new EngineError({
    engine,
    code: 'engine_timed_out',
    message: `Nothing came from the engine for ${limitMs} ms.`,
    retryable: true,
  });
}
