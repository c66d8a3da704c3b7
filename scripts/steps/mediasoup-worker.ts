import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { installPackages } from '../apt.ts';
import { CommandFailed } from '../command.ts';
import { packagesFor } from '../debian-packages.ts';
import { fingerprint, readStamp, replace, writeStamp } from '../fingerprint.ts';
import { mediasoupWorkerProgram, type Place } from '../place.ts';
import type { Step, StepContext } from '../step.ts';
import { buildWithCmake } from '../cmake.ts';

/** A closed network drops packets without a word; a working one has brought the 3 MB by then. */
const PREBUILT_TIMEOUT_MS = 45_000;
/** What the worker answers when it is started by anybody but mediasoup: the program and its libraries are in order. */
const NOT_STARTED_BY_MEDIASOUP = 41;

/** The version of the npm package; the worker must be of the same, or `createWorker` hangs without a word. */
export function mediasoupVersion({ root }: Place): string {
  const file = path.join(root, 'node_modules', 'mediasoup', 'package.json');
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && typeof parsed.version === 'string') {
    return parsed.version;
  }
  throw new Error(`${file} names no version`);
}

/** mediasoup's worker: its prebuilt where that can be fetched, else built from the npm package's own sources. */
export function mediasoupWorker(place: Place): Step {
  const recipe = path.join(place.root, 'native', 'mediasoup-worker');
  const build = path.join(place.local, 'build', 'mediasoup-worker');
  const inputs = (version: string): Promise<string> => fingerprint([recipe], [version, process.arch]);

  return {
    name: 'mediasoup-worker',
    title: 'mediasoup worker',
    async isDone() {
      const version = mediasoupVersion(place);
      const program = mediasoupWorkerProgram(place, version);
      return existsSync(program) && (await readStamp(`${program}.stamp`)) === (await inputs(version));
    },
    async run(context) {
      const version = mediasoupVersion(place);
      const from = await inputs(version);
      const program = mediasoupWorkerProgram(place, version);
      await mkdir(path.dirname(program), { recursive: true });
      const next = `${program}.next`;
      await rm(next, { force: true });

      const finished = (await fetchPrebuilt(place, context)) ?? (await buildWorker(place, recipe, build, context));
      await copyFile(finished, next);
      await verify(next);
      await replace(next, program);
      await writeStamp(`${program}.stamp`, from);
      await rm(build, { recursive: true, force: true });
    },
    remedy: () => `rm -rf '${build}'`,
  };
}

/** Runs mediasoup's own download, with its own build switched off. `undefined` when it brought nothing that runs here. */
async function fetchPrebuilt({ root }: Place, context: StepContext): Promise<string | undefined> {
  const mediasoup = path.join(root, 'node_modules', 'mediasoup');
  const program = path.join(mediasoup, 'worker', 'out', 'Release', 'mediasoup-worker');
  context.progress('trying the prebuilt');
  try {
    // Its build starts with Python; without one it stops there.
    const environment: NodeJS.ProcessEnv = { ...process.env, PYTHON: '/bin/false' };
    await context.command(process.execPath, ['npm-scripts.mjs', 'postinstall'], {
      cwd: mediasoup,
      environment,
      timeoutMs: PREBUILT_TIMEOUT_MS,
    });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return undefined;
  }
  return existsSync(program) ? program : undefined;
}

async function buildWorker(place: Place, recipe: string, build: string, context: StepContext): Promise<string> {
  context.progress('no prebuilt to be had: getting what it is built with');
  await installPackages(
    packagesFor('build', 'worker').map(({ name }) => name),
    place.root,
    context,
  );
  await buildWithCmake(
    {
      root: place.root,
      source: recipe,
      build,
      definitions: { WORKER: path.join(place.root, 'node_modules', 'mediasoup', 'worker') },
    },
    context,
  );
  return path.join(build, 'mediasoup-worker');
}

/** @throws Error when the program cannot run here: a library is missing, or it is another machine's. */
async function verify(program: string): Promise<void> {
  const child = spawn(program, [], { stdio: 'ignore', env: {} });
  const [code] = await once(child, 'close');
  if (code !== NOT_STARTED_BY_MEDIASOUP) throw new Error(`the worker does not run here (it answered ${code})`);
}
