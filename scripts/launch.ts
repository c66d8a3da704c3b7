import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  mediasoupWorkerProgram,
  opusAddon,
  pageFolder,
  panelFolder,
  type Place,
  pocketsphinxProgram,
} from './place.ts';
import { mediasoupVersion } from './steps/mediasoup-worker.ts';

/** Variables set by whoever calls win over `.env`, and both win over what the set-up built. */
export function readDotEnv({ root }: Place): void {
  const file = path.join(root, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

/** The environment of the product's processes: what was given, and where the set-up has put the programs. */
export function productEnvironment(place: Place, given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...given,
    // onnxruntime sends its maker how it is used, unless it is told not to.
    ORT_DISABLE_TELEMETRY: '1',
    MEDIASOUP_WORKER_BIN: given['MEDIASOUP_WORKER_BIN'] || mediasoupWorkerProgram(place, mediasoupVersion(place)),
    POCKETSPHINX_STREAM_BIN: given['POCKETSPHINX_STREAM_BIN'] || pocketsphinxProgram(place),
    OPUS_ADDON: given['OPUS_ADDON'] || opusAddon(place),
    // Whatever DATA_DIR is: these were built, and are no data.
    WEB_ROOT: given['WEB_ROOT'] || pageFolder(place),
    PANEL_ROOT: given['PANEL_ROOT'] || panelFolder(place),
  };
}

/** The product's variables that tests and benchmarks take from whoever calls: which programs to try. */
const PROGRAMS: ReadonlySet<string> = new Set([
  'MEDIASOUP_WORKER_BIN',
  'POCKETSPHINX_STREAM_BIN',
  'OPUS_ADDON',
  'FFMPEG_BIN',
]);

/** Chromium keeps a socket there, under a name of 45 bytes, and a socket's path has 107 at most (unix(7)). */
const LONGEST_TMPDIR_BYTES = 60;

/**
 * The tests' environment: the programs, and a browser. A developer's settings have no part in it, neither those of `.env`
 * nor the shell's: a vendor's key among them would have the tests talk to the vendor.
 */
export function testEnvironment(place: Place, given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const settings = new Set(variablesOf(place).filter((name) => !PROGRAMS.has(name)));
  const rest = Object.fromEntries(Object.entries(given).filter(([name]) => !settings.has(name)));
  return {
    ...productEnvironment(place, rest),
    CHROMIUM_BIN: given['CHROMIUM_BIN'] || findChromium(given),
    ...(Buffer.byteLength(given['TMPDIR'] ?? '') > LONGEST_TMPDIR_BYTES && { TMPDIR: '/tmp' }),
  };
}

/** Read from .env.example, which names them all: the configuration's own code needs packages that may not be here yet. */
function variablesOf({ root }: Place): string[] {
  const text = readFileSync(path.join(root, '.env.example'), 'utf8');
  return [...text.matchAll(/^([A-Z_0-9]+)=/gm)].map(([, name = '']) => name);
}

function findChromium(given: NodeJS.ProcessEnv): string {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (given['PATH'] ?? '').split(':').concat('/usr/bin');
  const candidates = names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return candidates.find((file) => existsSync(file)) ?? '/usr/bin/chromium';
}

/**
 * Becomes `node ARGS`: the same process, so signals, the exit code and the terminal are the program's own.
 * Does not return.
 */
export function become(place: Place, args: readonly string[], environment: NodeJS.ProcessEnv): never {
  process.chdir(place.root);
  if (process.execve === undefined) throw new Error('this platform cannot replace a process (execve)');
  process.execve(process.execPath, [process.execPath, ...args], environment);
  throw new Error('the process was replaced, and yet it goes on');
}
