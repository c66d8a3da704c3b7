import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT_ROOT } from '../platform/config.ts';
import { removeEmbeddedPostgres } from '../platform/postgres-embedded.ts';
import { mediaWorkerBin } from '../testing/media-worker.ts';
import { childrenOf, commandOf, isGone } from '../testing/process-tree.ts';

/** The real thing: PostgreSQL, web, media and jobs, in processes of their own. */
interface Up {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

interface Installation {
  readonly url: string;
  readonly dataDir: string;
  readonly start: (own?: Record<string, string>) => Up;
}

const SERVING = 'AIlingva is serving.';
/** Four processes and a new cluster, on cores that others use too. */
const DEADLINE_MS = 180_000;

async function install(t: TestContext): Promise<Installation> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ailingva-up-'));
  const [port, rtcPort] = await Promise.all([freePort(), freePort()]);
  const worker = mediaWorkerBin();
  const started: Up[] = [];
  t.after(async () => {
    for (const up of started) {
      up.process.kill('SIGTERM');
      up.process.kill('SIGTERM');
      await up.ended;
    }
    await removeEmbeddedPostgres(dataDir);
  });
  const start = (own: Record<string, string> = {}): Up => {
    const child = spawn(process.execPath, ['src/main.ts', 'up'], {
      cwd: PROJECT_ROOT,
      env: {
        PATH: process.env['PATH'],
        DATA_DIR: dataDir,
        PORT: String(port),
        RTC_PORT: String(rtcPort),
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'warn',
        ...(worker !== undefined && { MEDIASOUP_WORKER_BIN: worker }),
        ...own,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    // Not `close`: what was started by a killed one holds the pipes a little longer.
    const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null));
    const up = { process: child, output: () => output, ended };
    started.push(up);
    return up;
  };
  return { url: `http://127.0.0.1:${port}`, dataDir, start };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  assert.ok(address !== null && typeof address === 'object');
  probe.close();
  return address.port;
}

async function until(what: string, isSo: () => Promise<boolean> | boolean, context: () => string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, `${what} did not come about within ${DEADLINE_MS} ms:\n${context()}`);
    await sleep(50);
  }
}

const serving = (up: Up) => until('serving', () => up.output().includes(SERVING), up.output);

/** A database that takes its time is not ready for now, and may be a moment later. */
function ready(url: string, { output }: Up): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok === true;
  };
  return until('the readiness of the web process', isReady, output);
}

/** What `up` has started: its processes, each by its verb, and PostgreSQL. */
function startedBy(up: Up): { pid: number; verb: string }[] {
  return childrenOf(up.process.pid ?? 0).map((pid) => {
    const [, , verb = ''] = commandOf(pid).filter((word) => !word.startsWith('--'));
    return { pid, verb };
  });
}

test('it serves, replaces what dies, refuses a second one, and stops all of it', async (t) => {
  const { url, start } = await install(t);
  const up = start();
  await serving(up);
  assert.match(up.output(), /The first administrator: \S+@\S+\n\s+Password: \S{16,}/);
  await ready(url, up);

  const second = start();
  assert.equal(await second.ended, 1);
  assert.match(second.output(), new RegExp(`runs already \\(process ${up.process.pid}\\)`));

  const before = startedBy(up);
  const web = before.find(({ verb }) => verb === 'web');
  assert.ok(web, JSON.stringify(before));
  process.kill(web.pid, 'SIGKILL');
  await ready(url, up);

  const children = startedBy(up);
  assert.equal(children.length, 4);
  up.process.kill('SIGINT');
  assert.equal(await up.ended, 0);
  for (const { pid, verb } of children) assert.equal(isGone(pid), true, verb);

  const again = start();
  await serving(again);
  assert.doesNotMatch(again.output(), /administrator/);
});

test('killed with SIGKILL, its processes end by themselves and the next one recovers', async (t) => {
  const { url, start } = await install(t);
  const killed = start();
  await serving(killed);
  const children = startedBy(killed);
  killed.process.kill('SIGKILL');
  await killed.ended;
  const next = start();
  await serving(next);
  await ready(url, next);
  for (const { pid, verb } of children)
    await until(
      `the end of ${verb}`,
      () => isGone(pid),
      () => '',
    );
});

test('asked to stop while it starts, it stops', async (t) => {
  const { start } = await install(t);
  const up = start();
  await until('the first step', () => up.output().includes('▸'), up.output);
  up.process.kill('SIGINT');
  assert.equal(await up.ended, 0);
  assert.match(up.output(), /Stopped\.\n$/);
});

test('a port that is taken is named, with its variable, and nothing stays behind', async (t) => {
  const { start } = await install(t);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const address = other.address();
  assert.ok(address !== null && typeof address === 'object');
  const up = start({ PORT: String(address.port) });
  assert.equal(await up.ended, 1);
  assert.match(up.output(), new RegExp(`Port ${address.port} on 127.0.0.1 is taken.*PORT`));
  // The failed start may not swallow the only showing of a password.
  assert.doesNotMatch(up.output(), /administrator/);
});
