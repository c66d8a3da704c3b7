import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TestEvent } from 'node:test/reporters';
import { withSecondTry } from './second-try.ts';

const counts = { cancelled: 0, passed: 0, skipped: 0, suites: 0, tests: 0, todo: 0, topLevel: 0 };
const group = { files: ['/a.test.ts'], concurrency: 1 };

async function* eventsOf(success: boolean): AsyncGenerator<TestEvent> {
  if (!success) {
    const details = { duration_ms: 1, error: new Error('no sound') };
    yield { type: 'test:fail', data: { name: 'is heard', nesting: 0, testId: 1, testNumber: 1, details } } as TestEvent;
  }
  yield { type: 'test:summary', data: { counts, duration_ms: 1, success, file: undefined } };
}

async function tryTwice(results: readonly boolean[]) {
  const left = [...results];
  const events = (await Readable.from(
    withSecondTry(() => eventsOf(left.shift() ?? false))(group),
  ).toArray()) as TestEvent[];
  const said = events.flatMap((event) => (event.type === 'test:stdout' ? [event.data.message] : [])).join('');
  const summaries = events.flatMap((event) => (event.type === 'test:summary' ? [event.data.success] : []));
  return { said, summaries, left };
}

it('what passes is run once', async () => {
  assert.deepEqual(await tryTwice([true, false]), { said: '', summaries: [true], left: [false] });
});

it('what fails is run again; the first failure is told, and the second try counts', async () => {
  const { said, summaries } = await tryTwice([false, true]);
  assert.match(said, /second try: \/a\.test\.ts[\s\S]*is heard[\s\S]*no sound/);
  assert.deepEqual(summaries, [true]);
});

it('files take turns; what failed is tried again when nothing else runs', async () => {
  const files = ['/a', '/b', '/c', '/d'];
  const order: string[] = [];
  let running = 0;
  const run = withSecondTry(async function* ({ files: [file = ''] }) {
    order.push(`${file} of ${++running}`);
    await nextTurn();
    yield* eventsOf(file !== '/a' || order.length > files.length);
    running -= 1;
  });
  const events = (await Readable.from(run({ files, concurrency: 2 })).toArray()) as TestEvent[];
  assert.deepEqual(order, ['/a of 1', '/b of 2', '/c of 2', '/d of 2', '/a of 1']);
  const summaries = events.flatMap((event) => (event.type === 'test:summary' ? [event.data.success] : []));
  assert.deepEqual(summaries, [true, true, true, true]);
});

it('what fails twice has failed', async () => {
  assert.deepEqual((await tryTwice([false, false])).summaries, [false]);
});
