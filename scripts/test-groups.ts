import { Readable } from 'node:stream';
import type { TestEvent } from 'node:test/reporters';

/** Test files that run together, `concurrency` at a time. */
export interface TestGroup {
  readonly files: readonly string[];
  readonly concurrency: number;
}

/** The lines that node:test ends a run with, in its order. */
const SUMMARY_NAMES = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'] as const;
const SUMMARY_LINE = new RegExp(`^(${SUMMARY_NAMES.join('|')}) ([0-9.]+)$`);

/**
 * Runs groups one after another as if they were one run: the events of all, and at the end one summary with the sums.
 * The reporter lists what failed when the summary's event comes, so that one goes before the lines with the counts.
 */
export function merged(
  groups: readonly TestGroup[],
  run: (group: TestGroup) => AsyncIterable<TestEvent>,
): { events: Readable; success: () => boolean } {
  const sums = new Map<string, number>(SUMMARY_NAMES.map((name) => [name, 0]));
  const startedAtMs = performance.now();
  let success = true;

  async function* events(): AsyncGenerator<TestEvent> {
    let last: Extract<TestEvent, { type: 'test:summary' }> | undefined;
    for (const group of groups) {
      if (group.files.length === 0) continue;
      for await (const event of run(group)) {
        const line = summaryLineOf(event);
        if (line !== undefined) {
          sums.set(line.name, (sums.get(line.name) ?? 0) + line.value);
        } else if (event.type === 'test:summary' && event.data.file === undefined) {
          success &&= event.data.success;
          last = event;
        } else {
          yield event;
        }
      }
    }
    if (last !== undefined) yield { type: 'test:summary', data: { ...last.data, success } };
    // Of all together: groups may have run files side by side.
    sums.set('duration_ms', Math.round(performance.now() - startedAtMs));
    for (const [name, value] of sums) yield diagnostic(`${name} ${value}`);
  }

  return { events: Readable.from(events()), success: () => success };
}

function summaryLineOf(event: TestEvent): { name: string; value: number } | undefined {
  // A test's own diagnostics come with its file; the run's have none.
  if (event.type !== 'test:diagnostic' || event.data.file !== undefined) return undefined;
  const [, name, value] = SUMMARY_LINE.exec(event.data.message) ?? [];
  return name === undefined ? undefined : { name, value: Number(value) };
}

function diagnostic(message: string): TestEvent {
  return { type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } };
}
