import { once } from 'node:events';
import path from 'node:path';
import { systemClock } from '../platform/clock.ts';
import { loadConfig, type Config, type Environment } from '../platform/config.ts';
import { Lifecycle } from '../platform/lifecycle.ts';
import { createLogger, type Logger } from '../platform/log.ts';
import { migrate } from '../platform/migrate.ts';
import { takePidFile } from '../platform/pid-file.ts';
import { startEmbeddedPostgres, type EmbeddedPostgresOptions } from '../platform/postgres-embedded.ts';
import { keepSecret } from '../platform/secrets.ts';
import { Supervisor } from '../platform/supervisor.ts';
import { planChildren } from './child-plan.ts';

type Say = (text: string) => void;

/**
 * Everything on one machine: PostgreSQL, then the processes, kept alive until somebody asks to stop; PostgreSQL ends
 * last. Answers the exit code.
 */
export async function up(environment: Environment, say: Say): Promise<number> {
  const config = loadConfig(environment);
  const log = createLogger({ ...config.log, process: 'up' });
  const lifecycle = new Lifecycle(log);
  const pidFile = await takePidFile(path.join(config.dataDir, 'up.pid'), 'AIlingva');
  lifecycle.onClose('pid file', () => pidFile.release());
  const supervisor = new Supervisor({ log, clock: systemClock });
  const stop = new StopRequest(() => supervisor.hurry());
  try {
    await start({ config, environment, log, lifecycle, supervisor, stop, say });
    await stop.requested;
    say(stop.reason === undefined ? '\nStopping …' : `\nStopping: ${stop.reason}`);
    return stop.reason === undefined ? 0 : 1;
  } catch (error) {
    // PostgreSQL ends with the rest now, and is not to be started again.
    stop.because('The start failed.');
    throw error;
  } finally {
    await lifecycle.close();
    say('Stopped.');
  }
}

/** The first signal asks to stop, every further one to hurry. */
class StopRequest {
  readonly #controller = new AbortController();
  readonly requested: Promise<unknown>;
  reason: string | undefined;

  constructor(hurry: () => void) {
    this.requested = once(this.#controller.signal, 'abort');
    const ask = (): void => {
      if (this.made) hurry();
      this.#controller.abort();
    };
    process.on('SIGINT', ask).on('SIGTERM', ask).on('SIGHUP', ask);
  }

  get made(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Something without which nothing works has ended. */
  because(reason: string): void {
    if (!this.made) this.reason = reason;
    this.#controller.abort();
  }
}

interface Start {
  readonly config: Config;
  readonly environment: Environment;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  readonly supervisor: Supervisor;
  readonly stop: StopRequest;
  readonly say: Say;
}

/** Returns early when it is asked to stop; a step under way is finished first, so that it can be undone. */
async function start(options: Start): Promise<void> {
  const { config, environment, lifecycle, supervisor, stop, say } = options;
  const databaseUrl = config.databaseUrl ?? (await startPostgres(options));
  if (stop.made) return;
  const applied = await migrate(databaseUrl);
  if (applied.length > 0) say(`▸ database: ${applied.length} migrations applied`);
  if (stop.made) return;

  const plan = planChildren(config, {
    ...environment,
    DATABASE_URL: databaseUrl,
    TOKEN_SECRET: config.tokenSecret ?? (await keepSecret(config.dataDir, 'token-secret')).value,
    NODE_COMPILE_CACHE: path.join(config.dataDir, 'compile-cache'),
  });
  const { web, media, jobs } = plan;
  // Closed in the reverse order: jobs, media, which lets live calls finish over web's signaling, web, and PostgreSQL.
  const group = (name: string, children: typeof media): void => {
    const deadlineMs = Math.max(...children.map(({ stopDeadlineMs }) => stopDeadlineMs)) + 5_000;
    lifecycle.onClose(name, () => supervisor.stop(children.map((child) => child.name)), deadlineMs);
  };
  group('web', [web]);
  group('media', media);
  group('jobs', [jobs]);
  const started = Promise.all([
    // Told at once: the password is kept nowhere, and another process may yet fail to start.
    supervisor.start(web).then((facts) => tellAdministrator(facts, say)),
    ...[jobs, ...media].map((child) => supervisor.start(child)),
  ]);
  // Asked to stop meanwhile, nobody waits for it any more.
  started.catch(() => {});
  await Promise.race([started, stop.requested]);
  if (!stop.made) say(describeServing(config.web.publicUrl));
}

/** Answers the address. Ended by somebody else, it is started again; the processes find it at the same address. */
async function startPostgres({ config, log, lifecycle, stop, say }: Start): Promise<string> {
  const options: EmbeddedPostgresOptions = {
    dataDir: config.dataDir,
    log,
    onProgress: (step) => say(`▸ database: ${step}`),
  };
  const first = await startEmbeddedPostgres(options);
  let current = first;
  const watch = (): void => {
    const watched = current;
    void watched.ended.then(async () => {
      if (stop.made) return;
      log.error('PostgreSQL ended; starting it again');
      try {
        current = await startEmbeddedPostgres(options);
        if (stop.made) await current.stop();
        else if (current.url === first.url) watch();
        else stop.because('PostgreSQL came back at another port.');
      } catch (error) {
        log.fatal({ err: error }, 'PostgreSQL could not be started again');
        stop.because('PostgreSQL ended and could not be started again.');
      }
    });
  };
  watch();
  lifecycle.onClose('PostgreSQL', () => current.stop(), 65_000);
  return first.url;
}

function tellAdministrator(facts: Readonly<Record<string, string>>, say: Say): void {
  const { admin_email: email, admin_password: password } = facts;
  if (email === undefined) return;
  say(`\n  The first administrator: ${email}`);
  if (password !== undefined) say(`  Password: ${password}   (shown only now: keep it)`);
}

function describeServing(publicUrl: string): string {
  return [
    '',
    '  AIlingva is serving.',
    '',
    `  Page     ${publicUrl}`,
    `  Panel    ${publicUrl}/admin`,
    `  API      ${publicUrl}/api/docs/`,
    '',
    '  Stop     Ctrl-C here, or ./ailingva down',
    '',
  ].join('\n');
}
