import { createWorker } from 'mediasoup';
import type { Router, RouterOptions, WebRtcServer, Worker } from 'mediasoup/types';
import type { Logger } from '../../platform/log.ts';
import { AppError } from '../../platform/errors.ts';
import { findFreePort } from './free-port.ts';

export interface WorkerOptions {
  /** UDP and TCP. 0 takes any free one. */
  readonly port: number;
  readonly listenIp: string;
  /** What the page is told to connect to, where it is not `listenIp`. */
  readonly announcedAddress?: string;
  /** The worker's program; mediasoup's own choice when absent. */
  readonly workerBin?: string;
  readonly log: Logger;
}

export interface WorkerUsage {
  readonly pid: number;
  readonly port: number;
  readonly callers: number;
  /** User and system time of the worker's process since its start. */
  readonly cpuMs: number;
  /** Highest resident memory of the worker's process so far. */
  readonly maxRssKib: number;
}

/** A worker of another version than its library says nothing at all, so every start has a deadline. */
const START_DEADLINE_MS = 10_000;

/**
 * All calls of a worker share one UDP socket. Linux gives it 208 KiB, which 60 calls fill in some 50 ms: a worker that
 * is kept waiting for a core that long would lose packets. The kernel cuts this to `net.core.rmem_max` and `wmem_max`
 * (and counts a packet with its overhead, about 1 KiB for one of ours); an operator with hundreds of calls raises those.
 */
const UDP_BUFFER_BYTES = 4 * 1024 * 1024;

/** One media worker's process with its one port. Knows nothing of callers. */
export class SfuWorker {
  readonly port: number;
  readonly webRtcServer: WebRtcServer;
  readonly #worker: Worker;

  private constructor(worker: Worker, webRtcServer: WebRtcServer, port: number) {
    this.#worker = worker;
    this.webRtcServer = webRtcServer;
    this.port = port;
  }

  /** @throws AppError `sfu_worker_failed`. */
  static async start(options: WorkerOptions): Promise<SfuWorker> {
    const worker = await startProcess(options.workerBin);
    try {
      for (let attempt = 0; ; attempt++) {
        const port = options.port === 0 ? await findFreePort(options.listenIp) : options.port;
        try {
          return new SfuWorker(worker, await listen(worker, port, options), port);
        } catch (error) {
          if (options.port !== 0 || attempt >= 4) throw error;
        }
      }
    } catch (error) {
      worker.close();
      const message =
        `The media worker could not listen on ${options.listenIp}:${options.port}, UDP and TCP: another program has the port, ` +
        'or the address is not this machine’s. Stop that program, or choose others with RTC_PORT and RTC_LISTEN_IP.';
      throw workerFailed(message, error);
    }
  }

  get pid(): number {
    return this.#worker.pid;
  }

  get closed(): boolean {
    return this.#worker.closed;
  }

  /** The process ended without having been asked to. At most once, and never after `close()`. */
  onDeath(listener: (error: Error) => void): void {
    this.#worker.once('died', listener);
  }

  createRouter(options: RouterOptions): Promise<Router> {
    return this.#worker.createRouter(options);
  }

  async usage(callers: number): Promise<WorkerUsage> {
    const { ru_utime, ru_stime, ru_maxrss } = await this.#worker.getResourceUsage();
    return { pid: this.pid, port: this.port, callers, cpuMs: ru_utime + ru_stime, maxRssKib: ru_maxrss };
  }

  /** Ends the process and waits until it has gone, so that its port is free again. Idempotent. */
  async close(): Promise<void> {
    if (this.#worker.subprocessClosed) return;
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    this.#worker.once('subprocessclose', resolve);
    this.#worker.close();
    const deadline = setTimeout(() => {
      killIfAlive(this.#worker.pid);
      resolve();
    }, 2_000);
    await gone;
    clearTimeout(deadline);
  }
}

async function startProcess(workerBin: string | undefined): Promise<Worker> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const listenersBefore = signals.map((signal) => process.listeners(signal));
  const starting = createWorker({ logLevel: 'warn', ...(workerBin && { workerBin }) });
  // The library closes its worker on these signals by itself, and live calls would be cut off while the process
  // drains. Who closes what, and when, is decided by this process' lifecycle.
  signals.forEach((signal, index) => {
    for (const listener of process.listeners(signal)) {
      if (!listenersBefore[index]?.includes(listener)) process.removeListener(signal, listener);
    }
  });
  const { promise: late, reject } = Promise.withResolvers<never>();
  const deadline = setTimeout(
    () => reject(new Error(`not running within ${START_DEADLINE_MS} ms; is it of the library's version?`)),
    START_DEADLINE_MS,
  );
  try {
    return await Promise.race([starting, late]);
  } catch (error) {
    // Should it come up after all, it must not stay.
    starting.then(
      (worker) => worker.close(),
      () => {},
    );
    throw workerFailed('The media worker did not start.', error);
  } finally {
    clearTimeout(deadline);
  }
}

function listen(worker: Worker, port: number, { listenIp, announcedAddress }: WorkerOptions): Promise<WebRtcServer> {
  const address = { ip: listenIp, port, ...(announcedAddress && { announcedAddress }) };
  return worker.createWebRtcServer({
    listenInfos: [
      { protocol: 'udp', ...address, recvBufferSize: UDP_BUFFER_BYTES, sendBufferSize: UDP_BUFFER_BYTES },
      { protocol: 'tcp', ...address },
    ],
  });
}

function workerFailed(message: string, cause: unknown): AppError {
  return new AppError({ code: 'sfu_worker_failed', kind: 'unavailable', message, retryable: true, cause });
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone meanwhile.
  }
}
