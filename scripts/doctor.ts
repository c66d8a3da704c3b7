import { availableParallelism, totalmem } from 'node:os';
import { readFile, statfs } from 'node:fs/promises';
import { installCommand, missingPackages } from './apt.ts';
import { type DebianPackage, DEBIAN_PACKAGES } from './debian-packages.ts';
import { pidFileHolder } from '../src/platform/pid-file.ts';
import type { Place } from './place.ts';
import type { Step } from './step.ts';

/** One thing that AIlingva needs. */
export interface Finding {
  readonly what: string;
  readonly state: 'here' | 'missing' | 'optional';
  readonly detail: string;
  /** What to type to get it. */
  readonly bring?: string;
}

const GIB = 1024 ** 3;
/** node_modules, Chromium and the builds, with room for data. */
const DISK_BYTES = 3 * GIB;
const MEMORY_BYTES = 1.5 * GIB;

export interface Examined extends Place {
  readonly pidFile: string;
  readonly opusAddon: string | undefined;
}

/** Looks at everything that the set-up brings, and at what it cannot bring. Changes nothing. */
export async function examine(place: Examined, steps: readonly Step[]): Promise<Finding[]> {
  return [
    await system(),
    resources('Memory', totalmem(), MEMORY_BYTES, `${availableParallelism()} processor cores`),
    await disk(place),
    { what: 'Node', state: 'here', detail: `${process.version} (${process.execPath})` },
    ...(await packages()),
    ...(await made(steps)),
    await opusInUse(place.opusAddon),
    await serving(place.pidFile),
  ];
}

async function system(): Promise<Finding> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '';
  const known = /\b(debian|ubuntu)\b/.test(`${field('ID')} ${field('ID_LIKE')}`);
  const detail = `${field('PRETTY_NAME') || process.platform}, ${process.arch}`;
  if (known) return { what: 'System', state: 'here', detail };
  const bring = `Debian or Ubuntu, or by hand what the packages below hold`;
  return { what: 'System', state: 'missing', detail: `${detail}: the set-up knows only apt-get`, bring };
}

function resources(what: string, has: number, needs: number, more: string): Finding {
  const detail = `${(has / GIB).toFixed(1)} GiB${more === '' ? '' : `, ${more}`}`;
  if (has >= needs) return { what, state: 'here', detail };
  return { what, state: 'missing', detail, bring: `at least ${(needs / GIB).toFixed(1)} GiB` };
}

async function disk({ root }: Place): Promise<Finding> {
  const { bavail, bsize } = await statfs(root);
  return resources('Free disk', bavail * bsize, DISK_BYTES, '');
}

async function packages(): Promise<Finding[]> {
  const asked = DEBIAN_PACKAGES.filter(({ purpose }) => purpose !== 'image');
  const missing = new Set(await missingPackages(asked.map(({ name }) => name)));
  return asked.map((item) => packageFinding(item, missing));
}

function packageFinding({ name, purpose, why }: DebianPackage, missing: ReadonlySet<string>): Finding {
  const needed = {
    serve: '',
    build: '',
    worker: ', only where the worker must be built',
    test: ', for the tests',
    image: '',
  };
  const detail = `${why}${needed[purpose]}`;
  if (!missing.has(name)) return { what: name, state: 'here', detail };
  const state = purpose === 'serve' || purpose === 'build' ? 'missing' : 'optional';
  return { what: name, state, detail, bring: installCommand([name]) };
}

async function made(steps: readonly Step[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const step of steps) {
    const { name, title } = step;
    // The packages stand above, one by one. A step before this one that is not done may keep it from being asked.
    if (name === 'system-packages') continue;
    const done = await step.isDone().catch(() => false);
    findings.push(
      done
        ? { what: title, state: 'here', detail: 'made, and up to date' }
        : {
            what: title,
            state: 'missing',
            detail: 'not made yet, or older than its sources',
            bring: `./ailingva setup ${name}`,
          },
    );
  }
  return findings;
}

/** Which Opus a call would get: an addon may have been made, and not load any more. */
export async function opusInUse(addonPath: string | undefined): Promise<Finding> {
  const what = 'Opus in use';
  const bring = './ailingva setup opus';
  try {
    const { loadOpus } = await import('../src/media/audio/opus.ts');
    const { name, exactConcealment } = loadOpus({ addonPath });
    if (exactConcealment) return { what, state: 'here', detail: `${name}, by the addon` };
    const detail = `${name}: calls work, but lost packets are repeated instead of recovered or concealed`;
    return { what, state: 'optional', detail, bring };
  } catch {
    return { what, state: 'missing', detail: 'neither the addon nor @evan/opus can be loaded', bring: './ailingva up' };
  }
}

async function serving(pidFile: string): Promise<Finding> {
  const pid = await pidFileHolder(pidFile);
  if (pid === undefined) return { what: 'Running', state: 'optional', detail: 'no', bring: './ailingva up' };
  return { what: 'Running', state: 'here', detail: `process ${pid}` };
}

/** A table for a person: a mark, the thing, what is known of it, and what brings it. */
export function tableOf(findings: readonly Finding[]): string {
  const marks = { here: '✓', missing: '✗', optional: '·' } as const;
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ what, state, detail, bring }) => [
    `${marks[state]} ${what.padEnd(width)}  ${detail}`,
    ...(bring === undefined ? [] : [`  ${' '.repeat(width)}  → ${bring}`]),
  ]);
  const missing = findings.filter(({ state }) => state === 'missing').length;
  const end = missing === 0 ? 'Nothing is missing.' : `Missing: ${missing}. \`./ailingva up\` brings all of it.`;
  return `${lines.join('\n')}\n\n${end}\n`;
}
