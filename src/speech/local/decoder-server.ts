import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import type { Logger } from '../../platform/log.ts';
import { EngineError } from '../engine.ts';
import { LineSplitter, readyMessage } from './decoder-protocol.ts';

const EXIT_NO_MODEL = 3;
/** Kept of what the program says of its errors. */
const MAX_DETAIL_CHARACTERS = 500;

export interface DecoderServerOptions {
  readonly engine: string;
  /** The built `pocketsphinx-stream`. */
  readonly program: string;
  /** Folder of the model; the program's own default when absent. */
  readonly model?: string;
  /** Where a private folder for the socket is made. Short: a socket's path has at most 107 bytes. */
  readonly runtimeDirectory: string;
  readonly maxStreams: number;
  /** The program has so long to load its model and listen. */
  readonly startDeadlineMs: number;
  readonly log: Logger;
}

interface RunningServer {
  readonly child: ChildProcess;
  readonly socketPath: string;
  readonly folder: string;
}

/**
 * The fork server of decoders, one a process of ours: started with the first connection, started again when it
 * died. It ends with us, because its standard input closes.
 */
export class DecoderServer {
  readonly #options: DecoderServerOptions;
  #running: Promise<RunningServer> | undefined;
  #closed = false;

  constructor(options: DecoderServerOptions) {
    this.#options = options;
  }

  /** Starts it ahead of the first connection. Idempotent. @throws EngineError */
  async start(): Promise<void> {
    await this.#ensureRunning();
  }

  /** A connection to a decoder of its own. @throws EngineError */
  async connect(): Promise<Socket> {
    const server = await this.#ensureRunning();
    if (this.#closed) throw this.#error('engine_unavailable', 'Speech recognition is being shut down.');
    const socket = connect(server.socketPath);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('connect', resolve);
    socket.once('error', reject);
    try {
      await promise;
    } catch (error) {
      throw this.#error('engine_unavailable', 'Speech recognition does not answer.', error);
    }
    socket.removeAllListeners('error');
    return socket;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#running;
    this.#running = undefined;
    const server = await running?.catch(() => undefined);
    if (server) await stop(server);
  }

  #ensureRunning(): Promise<RunningServer> {
    if (this.#closed) return Promise.reject(this.#error('engine_unavailable', 'Speech recognition is shut down.'));
    if (this.#running) return this.#running;
    const starting = this.#launch();
    this.#running = starting;
    const forget = () => {
      if (this.#running === starting) this.#running = undefined;
    };
    starting.then(({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) forget();
      else child.once('exit', forget);
    }, forget);
    return starting;
  }

  async #launch(): Promise<RunningServer> {
    const { program, model, runtimeDirectory, maxStreams, log } = this.#options;
    const folder = await mkdtemp(join(roomFor(runtimeDirectory), 'ailingva-hears-'));
    const socketPath = join(folder, 'socket');
    const args = ['--socket', socketPath, '--max-streams', String(maxStreams), ...(model ? ['--model', model] : [])];
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    // The program's end closes its input under us; its exit is what counts.
    child.stdin.on('error', () => undefined);
    try {
      await this.#untilReady(child);
    } catch (error) {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    child.once('exit', (status, signal) => {
      if (!this.#closed) log.error({ status, signal }, 'The speech recognition program ended');
      void rm(folder, { recursive: true, force: true }).catch(() => undefined);
    });
    return { child, socketPath, folder };
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const { log, startDeadlineMs } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(this.#error('engine_timed_out', 'Speech recognition did not start in time.'));
    }, startDeadlineMs);
    let detail = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      detail = (detail + text).slice(-MAX_DETAIL_CHARACTERS);
      log.warn({ detail: text.trim() }, 'The speech recognition program says');
    });
    const lines = new LineSplitter();
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of lines.push(text)) {
        try {
          readyMessage.parse(JSON.parse(line));
          resolve();
        } catch (error) {
          reject(this.#error('engine_failed', 'The speech recognition program is of another version.', error));
        }
      }
    });
    child.once('error', (error: NodeJS.ErrnoException) => reject(this.#spawnError(error)));
    child.once('exit', (status) => reject(this.#exitError(status, detail)));
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #spawnError(error: NodeJS.ErrnoException): EngineError {
    if (error.code !== 'ENOENT' && error.code !== 'EACCES') {
      return this.#error('engine_unavailable', 'Speech recognition could not be started.', error);
    }
    return this.#missing('The speech recognition program is not built. Bring it with: ./ailingva up', error);
  }

  #exitError(status: number | null, detail: string): EngineError {
    const cause = new Error(detail || `exit status ${status}`);
    if (status !== EXIT_NO_MODEL) return this.#error('engine_failed', 'Speech recognition ended at its start.', cause);
    return this.#missing('The speech model is missing. Bring it with: apt-get install pocketsphinx-en-us', cause);
  }

  #missing(message: string, cause: unknown): EngineError {
    const { engine } = this.#options;
    return new EngineError({ engine, code: 'engine_program_missing', message, retryable: false, cause });
  }

  #error(code: 'engine_unavailable' | 'engine_timed_out' | 'engine_failed', message: string, cause?: unknown) {
    return new EngineError({ engine: this.#options.engine, code, message, retryable: true, cause });
  }
}

/** Closes its input, which ends it; kills it when it does not listen. */
async function stop({ child, folder }: RunningServer): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
    child.stdin?.end();
    await gone;
    clearTimeout(timer);
  }
  await rm(folder, { recursive: true, force: true });
}

/** Where a socket's path fits: it has 107 bytes at most (unix(7)), of which ours takes 29, and TMPDIR may be any. */
function roomFor(directory: string): string {
  return Buffer.byteLength(directory) <= 78 ? directory : '/tmp';
}
