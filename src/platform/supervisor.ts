import { fork, type ChildProcess } from 'node:child_process';
import { z } from 'zod';
import type { Clock, Timer } from './clock.ts';
import { AppError, errorCode } from './errors.ts';
import type { Logger } from './log.ts';

export interface ChildDescription {
  /** Seen in the log; unique. */
  readonly name: string;
  readonly script: string;
  readonly parameters: readonly string[];
  /** For the child's Node itself. */
  readonly nodeFlags?: readonly string[];
  /** The child's whole environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long it may take to stop before it is killed. */
  readonly stopDeadlineMs: number;
}

export interface SupervisorOptions {
  readonly log: Logger;
  readonly clock: Clock;
  /** How long a child may take to say that it is ready. */
  readonly startDeadlineMs?: number;
  /** The first wait before a child is started again; it doubles with each early death, up to the longest. */
  readonly backOffMs?: { readonly first: number; readonly longest: number };
}

type Facts = Readonly<Record<string, string>>;

const serviceMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), facts: z.record(z.string(), z.string()) }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string() }),
]);

/** A child that lived this long before it died is started again without counting the deaths before. */
const HEALTHY_AFTER_MS = 60_000;

/**
 * Keeps child processes alive: starts them, starts again one that dies, stops them when asked. Children are told apart
 * from the terminal: each leads a process group of its own, so that Ctrl-C reaches only us and they end in our order.
 * They end by themselves when we do, by the closed IPC channel.
 */
export class Supervisor {
  readonly #options: Required<SupervisorOptions>;
  readonly #children = new Map<string, Child>();
  #hurried = false;

  constructor(options: SupervisorOptions) {
    this.#options = { startDeadlineMs: 120_000, backOffMs: { first: 500, longest: 15_000 }, ...options };
  }

  /**
   * Resolves with what the child told when it was ready. It is started again from then on whenever it dies.
   * @throws AppError when its first start fails: with the child's own code, or `child_died`, `child_not_ready`
   */
  async start(description: ChildDescription): Promise<Facts> {
    const { name } = description;
    if (this.#children.has(name)) throw new TypeError(`A child named ${name} runs already`);
    const child = new Child(description, this.#options);
    this.#children.set(name, child);
    try {
      return await child.start();
    } catch (error) {
      this.#children.delete(name);
      throw error;
    }
  }

  /** Stops these children, all at once, and keeps them stopped. Never rejects. */
  async stop(names: readonly string[]): Promise<void> {
    const children = names.map((name) => this.#children.get(name)).filter((child) => child !== undefined);
    await Promise.all(children.map((child) => child.stop(this.#hurried)));
    for (const name of names) this.#children.delete(name);
  }

  /** Kills what has not ended yet: whoever stops is waiting no longer. */
  hurry(): void {
    this.#hurried = true;
    for (const child of this.#children.values()) child.hurry();
  }

  pidOf(name: string): number | undefined {
    return this.#children.get(name)?.pid;
  }
}

/** One description, and at most one process at a time. */
class Child {
  readonly #description: ChildDescription;
  readonly #options: Required<SupervisorOptions>;
  #process: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #startedAtMs = 0;
  #earlyDeaths = 0;
  #restart: Timer | undefined;
  #stopping = false;

  constructor(description: ChildDescription, options: Required<SupervisorOptions>) {
    this.#description = description;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(): Promise<Facts> {
    const first = this.#spawn();
    try {
      const facts = await first.ready;
      first.process.once('exit', () => this.#startAgain());
      return facts;
    } catch (error) {
      await this.stop(false);
      throw error;
    }
  }

  async stop(hurried: boolean): Promise<void> {
    this.#stopping = true;
    this.#restart?.cancel();
    if (this.#process === undefined) return;
    if (hurried) this.hurry();
    else this.#process.kill('SIGTERM');
    const { clock, log } = this.#options;
    const deadline = clock.after(this.#description.stopDeadlineMs, () => {
      log.warn({ child: this.#description.name }, 'A process did not stop in time and is killed');
      this.hurry();
    });
    await this.#ended;
    deadline.cancel();
  }

  /** With all that it started: as the leader of a group, its number names the group. */
  hurry(): void {
    const pid = this.#process?.pid;
    if (!this.#stopping || pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if (errorCode(error) !== 'ESRCH') throw error;
    }
  }

  #spawn(): { process: ChildProcess; ready: Promise<Facts> } {
    const { name, script, parameters, nodeFlags = [], environment } = this.#description;
    const { clock, log, startDeadlineMs } = this.#options;
    const child = fork(script, parameters, {
      env: environment,
      execArgv: [...process.execArgv, ...nodeFlags],
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process = child;
    this.#startedAtMs = clock.monotonicMs();
    const ended = Promise.withResolvers<void>();
    this.#ended = ended.promise;

    const ready = Promise.withResolvers<Facts>();
    const deadline = clock.after(startDeadlineMs, () => {
      ready.reject(failure('child_not_ready', `The process ${name} was not ready within ${startDeadlineMs} ms.`));
    });
    child.on('message', (message) => {
      const parsed = serviceMessage.safeParse(message);
      if (!parsed.success) return;
      if (parsed.data.type === 'ready') ready.resolve(parsed.data.facts);
      else ready.reject(failure(parsed.data.code, parsed.data.message));
    });
    const finish = (what: string): void => {
      deadline.cancel();
      ready.reject(failure('child_died', `The process ${name} ${what} before it was ready.`));
      this.#process = undefined;
      ended.resolve();
    };
    child.once('exit', (code, signal) => {
      log[this.#stopping ? 'debug' : 'error']({ child: name, code, signal }, 'A process ended');
      finish(signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
    });
    child.once('error', (error) => {
      log.error({ child: name, err: error }, 'A process could not be started');
      if (child.pid === undefined) finish('could not be started');
    });
    ready.promise.then(
      () => deadline.cancel(),
      () => deadline.cancel(),
    );
    return { process: child, ready: ready.promise };
  }

  #startAgain(): void {
    if (this.#stopping) return;
    const { clock, log, backOffMs } = this.#options;
    const livedMs = clock.monotonicMs() - this.#startedAtMs;
    this.#earlyDeaths = livedMs >= HEALTHY_AFTER_MS ? 0 : this.#earlyDeaths + 1;
    const waitMs = Math.min(backOffMs.longest, backOffMs.first * 2 ** Math.max(0, this.#earlyDeaths - 1));
    log.warn({ child: this.#description.name, wait_ms: waitMs }, 'Starting a process again');
    this.#restart = clock.after(waitMs, () => {
      const next = this.#spawn();
      next.process.once('exit', () => this.#startAgain());
      if (next.process.pid === undefined) this.#startAgain();
      // One that hangs at its start is as good as dead; its end brings the next.
      next.ready.catch(() => next.process.kill('SIGKILL'));
    });
  }
}

function failure(code: string, message: string): AppError {
  return new AppError({ code, kind: 'unavailable', message });
}
