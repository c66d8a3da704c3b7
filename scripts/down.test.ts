import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { bringDown } from './down.ts';

const PID_FILE_MODULE = path.resolve(import.meta.dirname, '../src/platform/pid-file.ts');

/** Holds the file as `up` does, and ends when it is asked to. */
const UP = `
  const { takePidFile } = await import(${JSON.stringify(PID_FILE_MODULE)});
  const taken = await takePidFile(process.argv[1], 'up');
  const alive = setInterval(() => {}, 60_000);
  process.on('SIGTERM', async () => { await taken.release(); clearInterval(alive); process.exitCode = 7; });
  process.stdout.write('up');
`;

async function pidFileFor(test: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ailingva-down-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, 'up.pid');
}

function listener() {
  const said: string[] = [];
  return { said, options: { timeoutMs: 60_000, say: (text: string) => void said.push(text) } };
}

describe('down', () => {
  it('stops a running up and waits for its end', async (test) => {
    const pidFile = await pidFileFor(test);
    const child = spawn(process.execPath, ['--input-type=module', '-e', UP, pidFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    test.after(() => child.kill('SIGKILL'));
    const exit = once(child, 'exit');
    await once(child.stdout, 'data');

    const { said, options } = listener();
    assert.equal(await bringDown(pidFile, options), true);
    assert.deepEqual(await exit, [7, null]);
    assert.equal(existsSync(pidFile), false);
    assert.equal(said.at(-1), 'Stopped.');
  });

  it('leaves a process alone that only got the number of a killed up', async (test) => {
    const pidFile = await pidFileFor(test);
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
    test.after(() => stranger.kill('SIGKILL'));
    await writeFile(pidFile, `${stranger.pid} 1\n`);

    const { said, options } = listener();
    assert.equal(await bringDown(pidFile, options), true);
    assert.deepEqual(said, ['Nothing runs here.']);
    assert.equal(stranger.exitCode, null);
    assert.equal(stranger.signalCode, null);
  });

  it('has nothing to do without a pid file, or with nonsense in it', async (test) => {
    const pidFile = await pidFileFor(test);
    const { options } = listener();
    assert.equal(await bringDown(pidFile, options), true);
    await writeFile(pidFile, '-1\n');
    assert.equal(await bringDown(pidFile, options), true);
  });
});
