import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import type { TestEvent } from 'node:test/reporters';
import type { TestGroup } from './test-groups.ts';

type Run = (group: TestGroup) => AsyncIterable<TestEvent>;

/**
 * Gives a file that fails one more try, and says loudly what failed in the first. For tests that listen to sound in
 * real time, or that have a browser: a machine that gives no core for a second fails them without a defect; a defect
 * fails twice. What the second try says counts. A group's files run `concurrency` at a time, the second tries after
 * all of them, one by one.
 */
export function withSecondTry(run: Run): Run {
  const attempt = async (file: string): Promise<TestEvent[]> =>
    Readable.from(run({ files: [file], concurrency: 1 })).toArray();

  return async function* tried({ files, concurrency }) {
    const firsts = files.map(() => Promise.withResolvers<TestEvent[]>());
    let next = 0;
    const takeTurns = async (): Promise<void> => {
      for (let index = next++; index < files.length; index = next++) {
        firsts[index]!.resolve(await attempt(files[index]!));
      }
    };
    const turns = Promise.all(Array.from({ length: concurrency }, takeTurns));
    const failed: { readonly file: string; readonly events: readonly TestEvent[] }[] = [];
    for (const [index, file] of files.entries()) {
      // A run that breaks breaks all of it.
      const events = await Promise.race([firsts[index]!.promise, turns.then(() => firsts[index]!.promise)]);
      if (hasPassed(events)) yield* events;
      else failed.push({ file, events });
    }
    for (const { file, events } of failed) {
      yield* whatFailed(file, events);
      yield* await attempt(file);
    }
  };
}

function hasPassed(events: readonly TestEvent[]): boolean {
  return events.every((event) => event.type !== 'test:summary' || event.data.success);
}

function* whatFailed(file: string, events: readonly TestEvent[]): Generator<TestEvent> {
  yield { type: 'test:stdout', data: { file, message: `\n↻ a second try: ${file}\n` } };
  for (const event of events) {
    if (event.type !== 'test:fail') continue;
    const message = `  first try: ${event.data.name}\n${inspect(event.data.details.error)}\n`;
    yield { type: 'test:stdout', data: { file, message } };
  }
}
