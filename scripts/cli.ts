import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { bringDown } from './down.ts';
import { examine, tableOf } from './doctor.ts';
import { become, productEnvironment, readDotEnv, testEnvironment } from './launch.ts';
import { pidFile, type Place, placeOf } from './place.ts';
import { runSteps, StepFailed } from './runner.ts';
import { imageSteps, setUpSteps } from './set-up.ts';
import type { Step } from './step.ts';

/** What `./ailingva VERB` does, once there is a Node to do it. */

const DOWN_TIMEOUT_MS = 60_000;

const place = placeOf(path.resolve(import.meta.dirname, '..'));
const [verb = '', ...rest] = process.argv.slice(2);
const interrupted = new AbortController();

function stepsFor(forTests: boolean): Step[] {
  const npmCli = process.env['AILINGVA_NPM_CLI'] ?? '';
  return setUpSteps(place, { npmCli, forTests, environment: process.env });
}

async function setUp(steps: readonly Step[]): Promise<number> {
  const { signal } = interrupted;
  const again = ['./ailingva', verb, ...rest].join(' ');
  const stop = (): void =>
    interrupted.abort(new Error('Interrupted. Nothing is left half done: run it again to go on.'));
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await runSteps(steps, { local: place.local, output: process.stdout, signal, again });
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** A verb that brings everything up to date and then is a program of the product. */
function program(...args: readonly string[]): () => Promise<never> {
  return async () => {
    readDotEnv(place);
    await setUp(stepsFor(false));
    return become(place, [...args, ...rest], productEnvironment(place, process.env));
  };
}

async function test(): Promise<never> {
  await setUp(stepsFor(true));
  return become(place, ['scripts/run-tests.ts', ...rest], testEnvironment(place, process.env));
}

async function bench(): Promise<number> {
  const [name, ...args] = rest;
  const file = path.join(place.root, 'bench', `${name}.ts`);
  if (name === undefined || name.startsWith('-') || !existsSync(file)) {
    const names = benchmarksOf(place);
    process.stdout.write(names.length === 0 ? 'There are no benchmarks yet.\n' : 'Benchmarks:\n');
    for (const known of names) process.stdout.write(`  ./ailingva bench ${known}\n`);
    if (name === undefined) return 0;
    process.stderr.write(`\nThere is none named "${name}".\n`);
    return 2;
  }
  await setUp(stepsFor(true));
  return become(place, [file, ...args], testEnvironment(place, process.env));
}

function benchmarksOf({ root }: Place): string[] {
  return globSync('*.ts', { cwd: path.join(root, 'bench') })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => path.basename(file, '.ts'))
    .toSorted();
}

/** All of it, or the named steps, so that an image can be built in layers. */
async function setUpOnly(): Promise<number> {
  const usual = stepsFor(false);
  const known = [...usual, ...imageSteps(place)];
  const chosen = rest.length === 0 ? usual : known.filter(({ name }) => rest.includes(name));
  const unknown = rest.filter((name) => !known.some((step) => step.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`No step "${unknown.join('", "')}". Steps: ${known.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  const run = await setUp(chosen);
  process.stdout.write(run === 0 ? 'Everything was in order.\n' : 'Everything is in order.\n');
  return 0;
}

async function doctor(): Promise<number> {
  readDotEnv(place);
  const findings = await examine(
    {
      ...place,
      pidFile: pidFile(place, process.env),
      opusAddon: productEnvironment(place, process.env)['OPUS_ADDON'],
    },
    stepsFor(false),
  );
  process.stdout.write(tableOf(findings));
  return findings.some(({ state }) => state === 'missing') ? 1 : 0;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function down(): Promise<number> {
  readDotEnv(place);
  return (await bringDown(pidFile(place, process.env), { timeoutMs: DOWN_TIMEOUT_MS, say })) ? 0 : 1;
}

const verbs: Readonly<Record<string, () => Promise<number>>> = {
  up: program('src/main.ts', 'up'),
  test,
  down,
  migrate: program('src/main.ts', 'migrate'),
  reconcile: program('src/main.ts', 'reconcile'),
  rollups: program('src/main.ts', 'rollups'),
  bench,
  'mock-engines': program('scripts/mock-engines.ts'),
  doctor,
  setup: setUpOnly,
};
/** Who types more words after these expects something of them. */
const WITHOUT_WORDS: ReadonlySet<string> = new Set(['up', 'down', 'migrate', 'doctor']);

try {
  const act = verbs[verb];
  if (act === undefined) {
    process.stderr.write(`No verb "${verb}". Next: ./ailingva help\n`);
    process.exitCode = 2;
  } else if (WITHOUT_WORDS.has(verb) && rest.length > 0) {
    process.stderr.write(
      `"${verb}" takes no "${rest.join(' ')}": settings are variables, as in PORT=8080 ./ailingva up. Next: ./ailingva help\n`,
    );
    process.exitCode = 2;
  } else {
    process.exitCode = await act();
  }
} catch (error) {
  if (interrupted.signal.aborted) {
    process.stderr.write(`\n${String(interrupted.signal.reason?.message)}\n`);
    process.exitCode = 130;
  } else {
    process.stderr.write(`\n${error instanceof StepFailed ? `Failed: ${error.message}` : String(error)}\n`);
    process.exitCode = 1;
  }
}
