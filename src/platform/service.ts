import { flushCompileCache } from 'node:module';
import type { Config } from './config.ts';
import { toAppError } from './errors.ts';
import { Lifecycle } from './lifecycle.ts';
import { createLogger, type Logger } from './log.ts';

const CRASH_DEADLINE_MS = 5_000;

/** What a process type gets when it starts. */
export interface Service {
  readonly log: Logger;
  /** Everything that is opened registers its closing here, in the order of opening. */
  readonly lifecycle: Lifecycle;
  /** Aborted when the process is asked to stop, before anything is closed. */
  readonly stopping: AbortSignal;
}

/** What a child tells its supervisor. */
export type ServiceMessage =
  | { readonly type: 'ready'; readonly facts: Readonly<Record<string, string>> }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

export interface ServiceOptions {
  readonly name: string;
  readonly config: Config;
  /** Resolves when it serves. What it returns is told to the supervisor: addresses, a first password. */
  readonly start: (service: Service) => Promise<Readonly<Record<string, string>> | void>;
}

/**
 * Runs one process type from start to exit: stops in order on SIGTERM or SIGINT, and when the supervisor that started
 * it is gone, so that nothing of a killed `up` stays behind. An error that nobody caught ends the process: its state
 * is unknown then, and the supervisor starts a fresh one.
 */
export async function runService({ name, config, start }: ServiceOptions): Promise<void> {
  const log = createLogger({ ...config.log, process: name });
  const lifecycle = new Lifecycle(log);
  const stop = new AbortController();

  const end = async (exitCode: number): Promise<void> => {
    if (stop.signal.aborted) return;
    stop.abort();
    await lifecycle.close();
    // The handles that are left belong to nobody: what had to be finished is.
    process.exit(exitCode);
  };
  process.on('SIGTERM', () => void end(0));
  process.on('SIGINT', () => void end(0));
  process.on('disconnect', () => {
    log.warn('The supervisor is gone');
    void end(0);
  });
  let crashed = false;
  const crash = (error: unknown): void => {
    if (crashed) return;
    crashed = true;
    log.fatal({ err: error }, 'An error that nobody caught');
    // Not for long: what is left works on a state that nobody knows, in the place of a fresh process.
    setTimeout(() => process.exit(1), CRASH_DEADLINE_MS).unref();
    void end(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  try {
    const facts = await start({ log, lifecycle, stopping: stop.signal });
    tell({ type: 'ready', facts: facts ?? {} });
    flushCompileCache();
  } catch (error) {
    if (stop.signal.aborted) return;
    const { code, message, cause } = toAppError(error);
    log.fatal({ err: cause ?? error, code }, 'Could not start');
    tell({ type: 'failed', code, message: code === 'internal' ? String(cause) : message });
    await end(1);
  }
}

function tell(message: ServiceMessage): void {
  if (process.connected) process.send?.(message);
}
