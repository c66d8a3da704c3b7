import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { writeStamp } from './fingerprint.ts';
import { runSteps, StepFailed } from './runner.ts';
import type { Step, StepContext } from './step.ts';

describe('the set-up’s steps', () => {
  let local: string;
  let printed: string;
  const output = { write: (text: string) => void (printed += text) };

  beforeEach(async () => {
    local = await mkdtemp(path.join(tmpdir(), 'ailingva-setup-'));
    printed = '';
  });
  afterEach(() => rm(local, { recursive: true, force: true }));

  const options = (signal = new AbortController().signal) => ({ local, output, signal, again: './ailingva up' });

  function step(name: string, run: (context: StepContext) => Promise<void>): Step {
    return {
      name,
      title: `The ${name}`,
      isDone: async () => existsSync(path.join(local, `${name}.stamp`)),
      async run(context) {
        await run(context);
        await writeStamp(path.join(local, `${name}.stamp`), 'done');
      },
      remedy: () => `mend ${name}`,
    };
  }

  it('run once, in order, and not again', async () => {
    const ran: string[] = [];
    const steps = ['first', 'second'].map((name) => step(name, async () => void ran.push(name)));
    assert.equal(await runSteps(steps, options()), 2);
    assert.deepEqual(ran, ['first', 'second']);
    assert.match(printed, /✓ The first \([\d.]+ s\)\n.*✓ The second/s);

    printed = '';
    assert.equal(await runSteps(steps, options()), 0);
    assert.deepEqual(ran, ['first', 'second']);
    assert.equal(printed, '');
  });

  it('go on after the one that failed, once its cause is gone', async () => {
    let broken = true;
    const ran: string[] = [];
    const steps = [
      step('first', async () => void ran.push('first')),
      step('second', async () => {
        ran.push('second');
        if (broken) throw new Error('the disk is full');
      }),
    ];
    await assert.rejects(runSteps(steps, options()), { name: 'StepFailed', step: 'second' });
    broken = false;
    await runSteps(steps, options());
    assert.deepEqual(ran, ['first', 'second', 'second']);
  });

  it('name the step, the cause, the log and the next command when a program fails', async () => {
    const failing = step('build', ({ command }) =>
      command('sh', ['-c', 'echo compiling; echo "error: no such header" >&2; exit 3'], {
        cwd: local,
        timeoutMs: 60_000,
      }),
    );
    const error = await runSteps([failing], options()).catch((thrown: unknown) => thrown);
    assert(error instanceof StepFailed);
    const logFile = path.join(local, 'log', 'setup-build.log');
    assert.match(error.message, /^The build: sh -c answered 3\n/);
    assert.match(error.message, /\| error: no such header\n/);
    assert(error.message.includes(`Log: ${logFile}\n`));
    assert(error.message.endsWith('Next: mend build && ./ailingva up'));
    assert.match(await readFile(logFile, 'utf8'), /^\$ sh -c .*\ncompiling\n/);
  });

  it('say so when a program is not there', async () => {
    const failing = step('build', ({ command }) => command('no-such-program', [], { cwd: local, timeoutMs: 60_000 }));
    await assert.rejects(runSteps([failing], options()), /no-such-program could not be started: .*ENOENT/);
  });

  it('end a program that takes too long', async () => {
    const slow = step('build', ({ command }) => command('sleep', ['600'], { cwd: local, timeoutMs: 50 }));
    await assert.rejects(runSteps([slow], options()), /sleep 600 took longer than 0.05 s/);
  });

  it('end a program that says itself that going on is in vain', async () => {
    const stuck = step('fetch', ({ command }) =>
      command('sh', ['-c', 'echo attempt 3 failed with ENOTFOUND; exec sleep 600'], {
        cwd: local,
        timeoutMs: 60_000,
        hopeless: /attempt 3 failed/,
      }),
    );
    await assert.rejects(runSteps([stuck], options()), /sh -c could not go on\n\s+\| attempt 3 failed with ENOTFOUND/);
  });

  it('do not believe a step that ended well and brought nothing', async () => {
    const empty: Step = { ...step('empty', async () => {}), isDone: async () => false };
    await assert.rejects(runSteps([empty], options()), /what it should bring is not there/);
  });

  it('stop when interrupted, leave no lock, and are run again', async () => {
    const interrupt = new AbortController();
    let interrupted = true;
    const long = step('long', async ({ command }) => {
      if (!interrupted) return;
      setImmediate(() => interrupt.abort(new Error('Interrupted.')));
      await command('sleep', ['600'], { cwd: local, timeoutMs: 60_000 });
    });
    await assert.rejects(runSteps([long], options(interrupt.signal)), /^Error: Interrupted\.$/);
    assert.equal(existsSync(path.join(local, 'setup.lock')), false);
    interrupted = false;
    assert.equal(await runSteps([long], options()), 1);
  });

  it('take over the lock of a process that was killed', async () => {
    await writeFile(path.join(local, 'setup.lock'), `${process.pid} 1\n`);
    assert.equal(await runSteps([step('only', async () => {})], options()), 1);
    assert.doesNotMatch(printed, /waiting/);
  });

  it('wait for another set-up in the same checkout, and do nothing twice', async (test) => {
    const program = `
      const { lockSetup } = await import(${JSON.stringify(path.join(import.meta.dirname, 'setup-lock.ts'))});
      const signal = new AbortController().signal;
      const unlock = await lockSetup(process.argv[1], { onWait() {}, timeoutMs: 60_000, signal });
      process.stdout.write('locked');
      process.stdin.on('end', async () => { await unlock(); }).resume();
    `;
    const lock = path.join(local, 'setup.lock');
    const other = spawn(process.execPath, ['--input-type=module', '-e', program, lock], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    test.after(() => other.kill());
    await once(other.stdout, 'data');

    let ran = 0;
    const shared = step('shared', async () => void (ran += 1));
    const waiting = Promise.withResolvers<void>();
    const result = runSteps([shared], {
      ...options(),
      output: { write: (text) => (text.includes(`process ${other.pid}`) ? waiting.resolve() : undefined) },
    });
    await waiting.promise;
    await writeStamp(path.join(local, 'shared.stamp'), 'done');
    other.stdin.end();
    assert.equal(await result, 0);
    assert.equal(ran, 0);
  });
});
