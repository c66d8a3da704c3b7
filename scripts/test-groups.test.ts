import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { merged } from './test-groups.ts';

const counts = { cancelled: 0, passed: 0, skipped: 0, suites: 0, tests: 0, todo: 0, topLevel: 0 };

/** What node:test's `run()` gives for one group. */
async function* eventsOf(tests: number, fail: number): AsyncGenerator<TestEvent> {
  yield { type: 'test:stdout', data: { file: '/a.test.ts', message: `tests ${tests}` } };
  yield { type: 'test:diagnostic', data: { nesting: 0, message: 'tests 99', level: 'info', file: '/a.test.ts' } };
  yield { type: 'test:summary', data: { counts, duration_ms: 1, success: fail === 0, file: '/a.test.ts' } };
  yield { type: 'test:diagnostic', data: { nesting: 0, message: `tests ${tests}`, level: 'info' } };
  yield { type: 'test:diagnostic', data: { nesting: 0, message: `fail ${fail}`, level: 'info' } };
  yield { type: 'test:summary', data: { counts, duration_ms: 1, success: fail === 0, file: undefined } };
}

async function collect(failures: readonly number[]) {
  const groups = failures.map((fail, index) => ({ files: [`${fail}`], concurrency: index + 1 }));
  const ran: number[] = [];
  const { events, success } = merged([...groups, { files: [], concurrency: 9 }], ({ files, concurrency }) => {
    ran.push(concurrency);
    return eventsOf(5, Number(files[0]));
  });
  const all: TestEvent[] = await events.toArray();
  return { all, ran, success: success() };
}

it('groups run one after another, empty ones not at all, and end in one summary with the sums', async () => {
  const { all, ran, success } = await collect([0, 2]);
  assert.deepEqual(ran, [1, 2]);
  assert.equal(success, false);
  const whole = all.filter(({ type, data }) => type === 'test:summary' && data?.file === undefined);
  assert.equal(whole.length, 1);
  const lines = all.slice(-8).map((event) => (event.type === 'test:diagnostic' ? event.data.message : event.type));
  assert.match(lines.pop() ?? '', /^duration_ms \d+$/);
  assert.deepEqual(lines, ['tests 10', 'suites 0', 'pass 0', 'fail 2', 'cancelled 0', 'skipped 0', 'todo 0']);
});

it('a test’s own diagnostics are no counts, and success needs every group', async () => {
  const { all, success } = await collect([0, 0]);
  assert.equal(success, true);
  assert.equal(all.filter(({ type, data }) => type === 'test:diagnostic' && data?.message === 'tests 99').length, 2);
});
