import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, isGone } from '../testing/process-tree.ts';
import { systemClock } from './clock.ts';
import { createSilentLogger } from './log.ts';
import { Supervisor, type ChildDescription } from './supervisor.ts';

interface Place {
  readonly supervisor: Supervisor;
  readonly child: (name: string, script: string, stopDeadlineMs?: number) => Promise<ChildDescription>;
  /** What the children have noted so far. */
  readonly notes: () => Promise<string[]>;
  /** Waits until there are that many. */
  readonly noted: (count: number) => Promise<string[]>;
}

const READY = `process.send({ type: 'ready', facts: { pid: String(process.pid) } });`;
const NOTE = `import { appendFileSync } from 'node:fs'; const note = (t) => appendFileSync(process.env.NOTES, t + '\\n');`;

async function prepare(t: TestContext, startDeadlineMs = 60_000): Promise<Place> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ailingva-supervisor-'));
  const supervisor = new Supervisor({
    log: createSilentLogger(),
    clock: systemClock,
    startDeadlineMs,
    backOffMs: { first: 1, longest: 4 },
  });
  const names: string[] = [];
  const file = path.join(folder, 'notes');
  const notes = async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  t.after(async () => {
    supervisor.hurry();
    await supervisor.stop(names);
    await rm(folder, { recursive: true });
  });
  return {
    supervisor,
    notes,
    async child(name, body, stopDeadlineMs = 30_000) {
      names.push(name);
      const script = path.join(folder, `${name}.mjs`);
      await writeFile(script, `${NOTE}\n${body}`);
      return { name, script, parameters: [], environment: { NOTES: file }, stopDeadlineMs };
    },
    async noted(count) {
      const deadline = performance.now() + 60_000;
      for (;;) {
        const lines = await notes();
        if (lines.length >= count) return lines;
        assert.ok(performance.now() < deadline, `only ${lines.length} of ${count} notes within 60 s: ${lines.join()}`);
        await sleep(10);
      }
    },
  };
}

test('a child tells what it found out when it is ready', async (t) => {
  const { supervisor, child } = await prepare(t);
  const facts = await supervisor.start(await child('one', READY));
  assert.equal(Number(facts['pid']), supervisor.pidOf('one'));
});

test('a child that dies is started again, and again', async (t) => {
  const { supervisor, child, noted } = await prepare(t);
  const body = `note(process.pid); ${READY}; process.on('message', () => {});`;
  await supervisor.start(await child('one', body));
  for (let lives = 1; lives <= 3; lives++) {
    const pids = await noted(lives);
    assert.equal(new Set(pids).size, lives);
    process.kill(Number(pids.at(-1)), 'SIGKILL');
  }
  await noted(4);
});

test('a child that fails at a later start is tried again', async (t) => {
  const { supervisor, child, notes, noted } = await prepare(t);
  // Lives, then fails at once twice, then lives.
  const body = `
    import { readFileSync } from 'node:fs';
    note(process.pid);
    const life = readFileSync(process.env.NOTES, 'utf8').trim().split('\\n').length;
    if (life === 2 || life === 3) process.exit(1);
    ${READY}
    process.on('message', () => {});`;
  await supervisor.start(await child('one', body));
  process.kill(Number((await notes())[0]), 'SIGKILL');
  await noted(4);
});

test("a first start that fails is told by the child's own code, and not tried again", async (t) => {
  const { supervisor, child, notes } = await prepare(t);
  const body = `note('started'); process.send({ type: 'failed', code: 'port_taken', message: 'Port 1 is taken.' }, () => process.exit(1));`;
  await assert.rejects(supervisor.start(await child('one', body)), { code: 'port_taken', message: 'Port 1 is taken.' });
  assert.deepEqual(await notes(), ['started']);
});

test('a first start that ends without a word is told as such', async (t) => {
  const { supervisor, child } = await prepare(t);
  await assert.rejects(supervisor.start(await child('one', 'process.exit(3)')), {
    code: 'child_died',
    message: /code 3/,
  });
});

test('a child that is never ready is given up and killed', async (t) => {
  const { supervisor, child, notes } = await prepare(t, 1_000);
  const body = `note(process.pid); process.on('message', () => {});`;
  await assert.rejects(supervisor.start(await child('one', body)), { code: 'child_not_ready' });
  for (const pid of await notes()) assert.equal(isGone(Number(pid)), true);
});

test('stopping lets a child finish, and keeps it stopped', async (t) => {
  const { supervisor, child, notes } = await prepare(t);
  const body = `process.on('SIGTERM', () => { note('finished'); process.exit(0); }); ${READY}; setInterval(() => {}, 1e6);`;
  const facts = await supervisor.start(await child('one', body));
  await supervisor.stop(['one']);
  assert.deepEqual(await notes(), ['finished']);
  assert.equal(isGone(Number(facts['pid'])), true);
});

test('a child that does not stop is killed, with what it started', async (t) => {
  const { supervisor, child, noted } = await prepare(t);
  const body = `
    import { spawn } from 'node:child_process';
    process.on('SIGTERM', () => {});
    note(spawn('sleep', ['600'], { stdio: 'ignore' }).pid);
    ${READY}
    process.on('message', () => {});`;
  const facts = await supervisor.start(await child('one', body, 50));
  const [grandchild] = await noted(1);
  await supervisor.stop(['one']);
  assert.equal(isGone(Number(facts['pid'])), true);
  await eventually('what the child started is gone', () => isGone(Number(grandchild)));
});

test('hurrying kills what is still stopping', async (t) => {
  const { supervisor, child } = await prepare(t);
  const body = `process.on('SIGTERM', () => {}); ${READY}; setInterval(() => {}, 1e6);`;
  await supervisor.start(await child('one', body, 600_000));
  const stopped = supervisor.stop(['one']);
  supervisor.hurry();
  await stopped;
});
