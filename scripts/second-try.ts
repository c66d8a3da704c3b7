import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import type { TestEvent } from 'node:test/reporters';
import type { TestGroup } from './test-groups.ts';

type Run = (group: TestGroup) => AsyncIterable<TestEvent>;

/**
 * Gives a group that fails one more try, and says loudly what failed in the first. For tests that listen to sound in
 * real time alone: a machine that gives no core for a second fails them without a defect; a defect fails twice.
 * What the second try says counts.
 */
export function withSecondTry(run: Run): Run {
  return async function* tried(group) {
    const first = (await Readable.from(run(group)).toArray()) as TestEvent[];
    if (first.every((event) => event.type !== 'test:summary' || event.data.success)) {
      yield* first;
      return;
    }
    const failures = first.filter((event) => event.type === 'test:fail');
    for (const file of group.files) {
      yield { type: 'test:stdout', data: { file, message: `\n↻ a second try: ${file}\n` } };
    }
    for (const { data } of failures) {
      const message = `  first try: ${data.name}\n${inspect(data.details.error)}\n`;
      yield { type: 'test:stdout', data: { file: data.file ?? '', message } };
    }
    yield* run(group);
  };
}
