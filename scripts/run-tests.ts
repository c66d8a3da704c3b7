import { globSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { withSecondTry } from './second-try.ts';
import { merged, type TestGroup } from './test-groups.ts';

/** `./ailingva test [PATTERN…]`: all tests as one run, with one summary at its end. */

const root = path.resolve(import.meta.dirname, '..');
const patterns = process.argv.slice(2);

const FILE_TIMEOUT_MS = 10 * 60_000;

const chosen = globSync('{src,scripts,test,bench,migrations,web}/**/*.test.{ts,tsx}', {
  cwd: root,
  exclude: ['**/node_modules/**'],
})
  .toSorted()
  .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern.replace(/^\.\//, ''))));

const isStatic = (file: string): boolean => file.startsWith('test/static/');
/** Listens to sound in real time, has a browser, or has processes of the product and recognizers at work. */
const isRealTime = (file: string): boolean => /^(test\/(calls|e2e|realtime)|src\/(app|speech\/local))\//.test(file);
/** Of those, what a neighbour does not disturb: calls whose sound nobody judges, pages that are silent, processes. */
const isTolerant = (file: string): boolean =>
  isRealTime(file) && /^(src\/|test\/calls\/|test\/e2e\/(deposit|panel))/.test(file);

/** Cheapest first. What judges sound, with a browser on the same two cores, runs alone. */
const groups: readonly TestGroup[] = [
  { files: chosen.filter(isStatic), concurrency: 1 },
  { files: chosen.filter((file) => !isStatic(file) && !isRealTime(file)), concurrency: 2 },
  { files: chosen.filter(isTolerant), concurrency: 2 },
  { files: chosen.filter((file) => isRealTime(file) && !isTolerant(file)), concurrency: 1 },
];

if (chosen.length === 0) {
  process.stderr.write(`No test file's path holds ${patterns.join(' or ')}.\n`);
  process.exit(1);
}

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort()).once('SIGTERM', () => interrupted.abort());

const runGroup = ({ files, concurrency }: TestGroup): AsyncIterable<TestEvent> =>
  run({
    files: files.map((file) => path.join(root, file)),
    concurrency,
    cwd: root,
    timeout: FILE_TIMEOUT_MS,
    signal: interrupted.signal,
  });

const patientRun = withSecondTry(runGroup);

const postgres = chosen.every(isStatic) ? undefined : await startPostgres();
try {
  const { events, success } = merged(groups, (group) =>
    group.files.every(isRealTime) ? patientRun(group) : runGroup(group),
  );
  for await (const text of events.compose(new spec())) process.stdout.write(text);
  process.exitCode = success() ? 0 : 1;
} finally {
  await postgres?.stop();
}

/** One server for all test files, unless somebody gave one; each test makes a database of its own in it. */
async function startPostgres(): Promise<{ stop(): Promise<void> } | undefined> {
  if (process.env['TEST_DATABASE_URL']) return undefined;
  const { startTestPostgres } = await import('../src/testing/test-postgres.ts');
  const started = await startTestPostgres();
  process.env['TEST_DATABASE_URL'] = started.url;
  return started;
}
