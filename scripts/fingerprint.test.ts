import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import { fingerprint, replace } from './fingerprint.ts';

async function folder(test: TestContext): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'ailingva-fingerprint-'));
  test.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

it('a fingerprint changes with contents, names and extras, and with nothing else', async (test) => {
  const root = await folder(test);
  const sources = path.join(root, 'sources');
  await mkdir(path.join(sources, 'deep'), { recursive: true });
  await writeFile(path.join(sources, 'a.c'), 'one');
  await writeFile(path.join(sources, 'deep', 'b.c'), 'two');
  const first = await fingerprint([sources], ['x64']);
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.equal(await fingerprint([sources], ['x64']), first);
  assert.notEqual(await fingerprint([sources], ['arm64']), first);

  await mkdir(path.join(sources, 'node_modules'));
  await writeFile(path.join(sources, 'node_modules', 'c.c'), 'not ours');
  assert.equal(await fingerprint([sources], ['x64']), first);

  await writeFile(path.join(sources, 'deep', 'b.c'), 'three');
  const second = await fingerprint([sources], ['x64']);
  assert.notEqual(second, first);
  await rm(path.join(sources, 'deep', 'b.c'));
  await writeFile(path.join(sources, 'deep', 'd.c'), 'three');
  assert.notEqual(await fingerprint([sources], ['x64']), second);
});

it('a missing path counts as empty', async (test) => {
  const root = await folder(test);
  const file = path.join(root, 'later');
  const before = await fingerprint([file]);
  await writeFile(file, 'here');
  assert.notEqual(await fingerprint([file]), before);
});

it('a finished folder takes the place of an old one', async (test) => {
  const root = await folder(test);
  const target = path.join(root, 'page');
  for (const text of ['old', 'new']) {
    await mkdir(`${target}.next`);
    await writeFile(path.join(`${target}.next`, 'index.html'), text);
    await replace(`${target}.next`, target);
    assert.equal(await readFile(path.join(target, 'index.html'), 'utf8'), text);
  }
});
