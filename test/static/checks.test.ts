import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';

/** What is found without running anything: types, lint and import rules, formatting, what nobody uses. */

const ROOT = path.resolve(import.meta.dirname, '../..');
const DEADLINE_MS = 5 * 60_000;
/** Of compressed script, on a phone over a bad network before the first call. */
const LARGEST_PAGE_BYTES = 250_000;

/** Runs a package's program under this very Node. @returns what it printed, and its answer */
async function run(program: string, args: readonly string[]): Promise<{ code: number | null; printed: string }> {
  const child = spawn(process.execPath, [path.join(ROOT, 'node_modules', program), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1' },
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const closed = Promise.withResolvers<number | null>();
  child.once('error', closed.reject).once('close', closed.resolve);
  return { code: await closed.promise, printed };
}

async function passes(program: string, ...args: readonly string[]): Promise<void> {
  const { code, printed } = await run(program, args);
  assert.equal(code, 0, `${path.basename(program)} ${args.join(' ')}\n${printed}`);
}

describe('static checks', () => {
  it('types of the server, the scripts and the tests', () => passes('typescript/bin/tsc', '--noEmit'));
  it('types of the page', () => passes('typescript/bin/tsc', '--noEmit', '-p', 'web'));
  it('types of the panel’s pages', () => passes('typescript/bin/tsc', '--noEmit', '-p', 'src/admin/components'));
  it('types of the end-to-end tests', () => passes('typescript/bin/tsc', '--noEmit', '-p', 'test/e2e'));
  it('lint, and who may import whom', () => passes('oxlint/bin/oxlint', '--type-aware', '--deny-warnings'));
  it('formatting', () => passes('oxfmt/bin/oxfmt', '--check'));
  it('nothing unused: files, exports, dependencies', () => passes('knip/bin/knip.js'));

  it('weight of the page, all of its script and what is fetched ahead of a call', () => {
    const page = process.env['WEB_ROOT'] ?? path.join(ROOT, '.local', 'web');
    const scripts = globSync('**/*.js', { cwd: page });
    assert(
      scripts.some((file) => file.startsWith(`assets${path.sep}`)),
      'the page has been built',
    );
    const bytes = scripts.reduce((sum, file) => sum + gzipSync(readFileSync(path.join(page, file))).length, 0);
    assert(bytes < LARGEST_PAGE_BYTES, `${bytes} bytes`);
  });
});
