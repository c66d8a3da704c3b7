import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { takePidFile } from './pid-file.ts';
import { keepSecret } from './secrets.ts';

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'ailingva-pid-'));
  t.after(() => rm(made, { recursive: true }));
  return made;
}

test('a second one is refused, naming the first, until it is given back', async (t) => {
  const file = path.join(await folder(t), 'up.pid');
  const first = await takePidFile(file, 'It');
  await assert.rejects(takePidFile(file, 'It'), { code: 'already_running', message: new RegExp(`${process.pid}`) });
  await first.release();
  await (await takePidFile(file, 'It')).release();
});

test('a file left behind is taken over: by a dead process, by one whose number is used again, half written', async (t) => {
  const file = path.join(await folder(t), 'up.pid');
  for (const left of ['4194304 12345\n', `${process.pid} 1\n`, '']) {
    await writeFile(file, left);
    await (await takePidFile(file, 'It')).release();
  }
});

test('a folder that cannot be is named, with what to do', async (t) => {
  const inTheWay = path.join(await folder(t), 'file');
  await writeFile(inTheWay, '');
  await assert.rejects(takePidFile(path.join(inTheWay, 'data', 'up.pid'), 'It'), {
    code: 'folder_not_writable',
    message: /cannot write to .*file\/data \(ENOTDIR\).* DATA_DIR\.$/,
  });
});

test('a secret is made once, whoever asks first', async (t) => {
  const dataDir = await folder(t);
  const secrets = await Promise.all(Array.from({ length: 4 }, () => keepSecret(dataDir, 'token-secret')));
  assert.equal(new Set(secrets.map(({ value }) => value)).size, 1);
  assert.equal(secrets.filter(({ created }) => created).length, 1);
  assert.match(secrets[0]?.value ?? '', /^[\w-]{43}$/);
  assert.notEqual((await keepSecret(dataDir, 'other')).value, secrets[0]?.value);
});
