import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { bringDown } from './down.ts';
import { pidFile, type Place, placeOf } from './place.ts';

/** A checkout whose `up` only waits for SIGTERM. */
async function checkout(test: TestContext): Promise<Place> {
  const place = placeOf(await mkdtemp(path.join(tmpdir(), 'ailingva-down-')));
  test.after(() => rm(place.root, { recursive: true, force: true }));
  await mkdir(path.join(place.root, 'src'));
  await mkdir(place.local);
  await writeFile(
    path.join(place.root, 'src', 'main.ts'),
    `setInterval(() => {}, 60_000); process.on('SIGTERM', () => process.exit(7)); process.stdout.write('up');`,
  );
  return place;
}

async function start(test: TestContext, place: Place, verb: string) {
  const child = spawn(process.execPath, ['src/main.ts', verb], {
    cwd: place.root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  test.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  await writeFile(pidFile(place), `${child.pid}\n`);
  return child;
}

describe('down', () => {
  it('stops a running up and waits for its end', async (test) => {
    const place = await checkout(test);
    const child = await start(test, place, 'up');
    const exit = once(child, 'exit');
    const said: string[] = [];
    assert.equal(await bringDown(place, { timeoutMs: 10_000, say: (text) => said.push(text) }), true);
    assert.deepEqual(await exit, [7, null]);
    assert.equal(said.at(-1), 'Stopped.');
  });

  it('leaves a process alone that only got the number of a killed up', async (test) => {
    const place = await checkout(test);
    const stranger = await start(test, place, 'web');
    const said: string[] = [];
    assert.equal(await bringDown(place, { timeoutMs: 10_000, say: (text) => said.push(text) }), true);
    assert.deepEqual(said, ['Nothing runs here.']);
    assert.equal(stranger.exitCode, null);
  });

  it('has nothing to do without a pid file, or with nonsense in it', async (test) => {
    const place = await checkout(test);
    const quiet = { timeoutMs: 10_000, say: () => undefined };
    assert.equal(await bringDown(place, quiet), true);
    await writeFile(pidFile(place), '-1\n');
    assert.equal(await bringDown(place, quiet), true);
  });
});
