import type { Clock, Timer } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { EventSource } from '../../platform/events.ts';
import type { Logger } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { Caller, type CallerCloseReason } from './caller.ts';
import { sfuClosed } from './sfu-errors.ts';
import { createSfuMetrics, type SfuMetrics } from './sfu-metrics.ts';
import { noPackets, sumOfPackets, type TapStats } from './tap.ts';
import { SfuWorker, type WorkerUsage } from './worker.ts';

export interface SfuOptions {
  /** How many workers; each takes one core at most. */
  readonly count: number;
  /** The first worker's port, UDP and TCP; the next ones follow. 0: any free ports. */
  readonly rtcPort: number;
  readonly listenIp: string;
  /** Needed when `listenIp` is all interfaces: what the page is told to connect to. */
  readonly announcedAddress?: string;
  /** The worker's program; mediasoup's own choice when absent. */
  readonly workerBin?: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export type SfuEvents = {
  worker_died: { readonly pid: number; readonly callers: number };
  /** A new worker serves in a dead one's place. */
  worker_replaced: { readonly pid: number };
};

/** Waits before the first, second, … start of a worker in place of a dead one; the last goes on for good. */
const RESTART_DELAYS_MS = [0, 250, 1_000, 5_000, 15_000];

/** A worker that has lived this long starts the delays anew. */
const SETTLED_AFTER_MS = 60_000;

interface Slot {
  readonly index: number;
  readonly callers: Set<Caller>;
  /** Callers that are being opened. */
  opening: number;
  worker: SfuWorker | undefined;
  startedAtMs: number;
  failures: number;
  restart: Timer | undefined;
}

/** This process' media workers, kept alive, and the callers spread over them. */
export class SfuWorkers {
  readonly #options: SfuOptions;
  readonly #events: EventSource<SfuEvents>;
  readonly #metrics: SfuMetrics;
  readonly #slots: readonly Slot[];
  /** Of the callers that have closed. */
  #closedPackets = noPackets;
  #closing: Promise<void> | undefined;

  private constructor(options: SfuOptions) {
    this.#options = options;
    this.#events = new EventSource(options.log);
    this.#metrics = createSfuMetrics(options.metrics, () => this.#packets());
    this.#slots = Array.from({ length: options.count }, (_, index) => ({
      index,
      callers: new Set(),
      opening: 0,
      worker: undefined,
      startedAtMs: 0,
      failures: 0,
      restart: undefined,
    }));
  }

  /** @throws AppError `announced_address_missing`, `sfu_worker_failed`. */
  static async start(options: SfuOptions): Promise<SfuWorkers> {
    const everywhere = options.listenIp === '0.0.0.0' || options.listenIp === '::';
    if (everywhere && !options.announcedAddress) {
      throw new AppError({
        code: 'announced_address_missing',
        kind: 'invalid',
        message: 'To listen on all interfaces an announced address has to be given.',
      });
    }
    const workers = new SfuWorkers(options);
    try {
      await Promise.all(workers.#slots.map((slot) => workers.#startWorker(slot)));
    } catch (error) {
      await workers.close();
      throw error;
    }
    return workers;
  }

  on<Name extends keyof SfuEvents>(name: Name, listener: (payload: SfuEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Opens a caller on the worker with the fewest.
   * @throws AppError `no_media_worker` while all workers are being replaced, `sfu_closed`.
   */
  async createCaller(): Promise<Caller> {
    if (this.#closing) throw sfuClosed();
    const slot = this.#leastLoaded();
    const worker = slot?.worker;
    if (!slot || !worker) throw noMediaWorker();
    slot.opening++;
    const caller = await Caller.open(worker, this.#options.log)
      .catch((error: unknown) => {
        throw slot.worker === worker || this.#closing ? error : noMediaWorker(error);
      })
      .finally(() => slot.opening--);
    // The worker may have died, or all be closing, in the meantime: then nobody else would close it.
    if (slot.worker !== worker || this.#closing) {
      caller.closeBecause(this.#closing ? 'sfu_closed' : 'worker_died');
      throw this.#closing ? sfuClosed() : noMediaWorker();
    }
    slot.callers.add(caller);
    this.#metrics.callers.inc();
    this.#metrics.callersOpened.inc();
    caller.on('closed', () => {
      slot.callers.delete(caller);
      this.#closedPackets = sumOfPackets(this.#closedPackets, caller.tap.stats);
      this.#metrics.callers.dec();
    });
    return caller;
  }

  /** Of the workers that run now. */
  async usage(): Promise<readonly WorkerUsage[]> {
    const usages = await Promise.allSettled(
      this.#slots.flatMap(({ worker, callers }) => (worker ? [worker.usage(callers.size)] : [])),
    );
    return usages.flatMap((usage) => (usage.status === 'fulfilled' ? [usage.value] : []));
  }

  /** Closes every caller with reason `sfu_closed`, ends the workers and waits for their processes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    await Promise.all(
      this.#slots.map(async (slot) => {
        slot.restart?.cancel();
        const { worker } = slot;
        closeCallers(slot, 'sfu_closed');
        slot.worker = undefined;
        if (!worker) return;
        this.#metrics.workers.dec();
        await worker.close();
      }),
    );
    this.#events.removeAll();
  }

  async #startWorker(slot: Slot): Promise<void> {
    const { rtcPort, listenIp, announcedAddress, workerBin, log, clock } = this.#options;
    const worker = await SfuWorker.start({
      port: rtcPort === 0 ? 0 : rtcPort + slot.index,
      listenIp,
      ...(announcedAddress && { announcedAddress }),
      ...(workerBin && { workerBin }),
      log,
    });
    if (this.#closing || worker.closed) {
      await worker.close();
      throw sfuClosed();
    }
    slot.worker = worker;
    slot.startedAtMs = clock.monotonicMs();
    this.#metrics.workers.inc();
    log.info({ pid: worker.pid, port: worker.port }, 'Media worker is serving');
    worker.onDeath((error) => this.#onDeath(slot, worker, error));
  }

  #onDeath(slot: Slot, worker: SfuWorker, error: Error): void {
    if (slot.worker !== worker) return;
    const { log, clock } = this.#options;
    const callers = slot.callers.size;
    slot.worker = undefined;
    if (clock.monotonicMs() - slot.startedAtMs > SETTLED_AFTER_MS) slot.failures = 0;
    this.#metrics.workers.dec();
    this.#metrics.workerDeaths.inc();
    log.error({ pid: worker.pid, callers, err: error }, 'Media worker died');
    closeCallers(slot, 'worker_died');
    this.#events.emit('worker_died', { pid: worker.pid, callers });
    this.#replaceLater(slot);
  }

  #replaceLater(slot: Slot): void {
    if (this.#closing) return;
    const delayMs = RESTART_DELAYS_MS[Math.min(slot.failures, RESTART_DELAYS_MS.length - 1)] ?? 0;
    slot.failures++;
    slot.restart = this.#options.clock.after(delayMs, () => {
      slot.restart = undefined;
      this.#startWorker(slot).then(
        () => this.#events.emit('worker_replaced', { pid: slot.worker?.pid ?? 0 }),
        (error: unknown) => {
          if (this.#closing) return;
          this.#options.log.error({ err: error, delayMs }, 'Media worker could not be replaced');
          this.#replaceLater(slot);
        },
      );
    });
  }

  #packets(): TapStats {
    return this.#slots
      .flatMap(({ callers }) => [...callers])
      .reduce((sum, { tap }) => sumOfPackets(sum, tap.stats), this.#closedPackets);
  }

  #leastLoaded(): Slot | undefined {
    return this.#slots.filter(({ worker }) => worker).toSorted((one, other) => load(one) - load(other))[0];
  }
}

function load(slot: Slot): number {
  return slot.callers.size + slot.opening;
}

function closeCallers(slot: Slot, reason: CallerCloseReason): void {
  for (const caller of slot.callers) caller.closeBecause(reason);
  slot.callers.clear();
}

function noMediaWorker(cause?: unknown): AppError {
  return new AppError({
    code: 'no_media_worker',
    kind: 'unavailable',
    message: 'The media server is being restarted.',
    retryable: true,
    cause,
  });
}
