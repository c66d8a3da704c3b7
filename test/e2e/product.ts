import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFreePort } from '../../src/media/sfu/free-port.ts';
import { createTestDatabase, type TestDatabase } from '../../src/testing/test-database.ts';
import { LossyRelay } from '../../src/testing/network/lossy-relay.ts';
import type { Cleanup } from './cleanup.ts';

const root = path.resolve(import.meta.dirname, '../..');
const START_DEADLINE_MS = 180_000;

export interface Product {
  readonly url: string;
  /** Of `up`, which starts the others. */
  readonly pid: number;
  readonly database: TestDatabase;
  /** The folder of the letters that it would have sent. */
  readonly outbox: string;
  /** What its processes have printed so far. */
  readonly output: () => string;
}

/** Between the browser and the media process; to be cut and mended. */
export async function putRelayBefore(test: Cleanup): Promise<{ relay: LossyRelay; settings: Record<string, string> }> {
  const port = await findFreePort('127.0.0.2');
  const relay = await LossyRelay.start({ port, serverPort: port, serverHost: '127.0.0.2' });
  test.after(() => relay.close());
  // The page is told the relay's address, at which it finds the same port.
  const settings = { RTC_PORT: String(port), RTC_LISTEN_IP: '127.0.0.2', RTC_ANNOUNCED_ADDRESS: '127.0.0.1' };
  return { relay, settings };
}

/** The whole product as `./ailingva up` starts it, on ports, a data folder and a database of its own. */
export async function startProduct(test: Cleanup, settings: Readonly<Record<string, string>> = {}): Promise<Product> {
  const database = await createTestDatabase(test);
  const dataDir = mkdtempSync(path.join(tmpdir(), 'ailingva-e2e-'));
  const port = await findFreePort('127.0.0.1');
  const rtcPort = await findFreePort('127.0.0.1');
  const url = `http://localhost:${port}`;
  const child = spawn(process.execPath, ['src/main.ts', 'up'], {
    cwd: root,
    env: {
      WEB_ROOT: path.join(root, '.local/web'),
      PANEL_ROOT: path.join(root, '.local/panel'),
      ...process.env,
      DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      PORT: String(port),
      RTC_PORT: String(rtcPort),
      LOG_FORMAT: 'json',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  test.after(async () => {
    await stop(child);
    keepOutput(output);
    rmSync(dataDir, { recursive: true, force: true });
  });
  await waitUntilServing(child, url, () => output);
  assert.ok(child.pid);
  return { url, pid: child.pid, database, outbox: path.join(dataDir, 'outbox'), output: () => output };
}

/** The last product's log, for whoever wonders why a test failed. */
function keepOutput(output: string): void {
  const folder = path.join(root, '.local/log');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'e2e-product.log'), output);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function waitUntilServing(child: ChildProcess, url: string, output: () => string): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!output().includes('AIlingva is serving')) {
    if (child.exitCode !== null) throw new Error(`The product ended with ${child.exitCode}:\n${output()}`);
    if (Date.now() > deadline) throw new Error(`The product did not serve at ${url} in time:\n${output()}`);
    const heard = new AbortController();
    const signal = AbortSignal.any([heard.signal, AbortSignal.timeout(1_000)]);
    await Promise.race([once(child.stdout!, 'data', { signal }), once(child, 'exit', { signal })]).catch(() => {});
    heard.abort();
  }
}
