import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { type S3Server, startS3Server } from '../../testing/s3-server.ts';
import { until } from '../../testing/until.ts';
import { createFolderStore } from './folder-store.ts';
import type { ByteRange, RecordingClaims, RecordingStore } from './recording-store.ts';
import { createS3Store, type S3StoreOptions } from './s3-store.ts';

const KEY = '2026-11-21/019a0000-0000-7000-8000-000000000001-1.ogg';

function folder(test: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'ailingva-recordings-'));
  test.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function bucket(
  test: TestContext,
  spoolFolder = folder(test),
): Promise<{ store: RecordingStore; server: S3Server }> {
  const server = await startS3Server({ bucket: 'calls', accessKeyId: 'key' });
  test.after(() => server.close());
  const store = createS3Store(settings(server, spoolFolder));
  test.after(() => store.close());
  return { store, server };
}

function settings(server: S3Server, spoolFolder: string): S3StoreOptions {
  return {
    bucket: 'calls',
    endpoint: server.endpoint,
    region: 'us-east-1',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    spoolFolder,
    partBytes: 1_000,
    log: createSilentLogger(),
    clock: systemClock,
  };
}

const kinds: Readonly<Record<string, (test: TestContext) => Promise<RecordingStore>>> = {
  'a folder': async (test) => createFolderStore({ folder: folder(test) }),
  'a bucket': async (test) => (await bucket(test)).store,
};

async function write(store: RecordingStore, pieces: readonly string[]): Promise<'stored' | 'kept'> {
  const writer = await store.create(KEY);
  for (const piece of pieces) await writer.append(Buffer.from(piece));
  await writer.finish();
  return await writer.finish();
}

async function read(store: RecordingStore, range?: ByteRange): Promise<string> {
  const { stream } = await store.read(KEY, range);
  return (await buffer(stream)).toString();
}

const refused = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;

for (const [name, open] of Object.entries(kinds)) {
  describe(`recordings in ${name}`, { timeout: 300_000 }, () => {
    it('are written piece by piece, read whole and in ranges, and deleted', async (test) => {
      const store = await open(test);
      const pieces = Array.from({ length: 9 }, (_, index) => String(index).repeat(400));
      assert.equal(await write(store, pieces), 'stored');
      const whole = pieces.join('');
      assert.equal(await read(store), whole);
      assert.equal(await read(store, { first: 398, last: 401 }), '0011');
      assert.equal(await read(store, { first: 3_590 }), '8888888888');
      assert.equal(await read(store, { last: 5 }), '88888');
      assert.equal(await read(store, { first: 3_595, last: 9_999 }), '88888');
      const { size, first, last } = await store.read(KEY, { first: 10, last: 19 });
      assert.deepEqual([size, first, last], [3_600, 10, 19]);
      await assert.rejects(store.read(KEY, { first: 3_600 }), refused('range_not_satisfiable'));
      await store.delete(KEY);
      await store.delete(KEY);
      await assert.rejects(store.read(KEY), refused('recording_not_found'));
    });

    it('have keys that cannot lead elsewhere', async (test) => {
      const store = await open(test);
      for (const key of ['../x.ogg', '/etc/passwd', 'a/../../b.ogg', 'A.ogg', '']) {
        await assert.rejects(async () => store.create(key), RangeError);
        await assert.rejects(async () => store.read(key), RangeError);
      }
    });
  });
}

describe('a bucket', { timeout: 300_000 }, () => {
  it('gets whole parts while the call lasts, and nothing stays behind in the spool', async (test) => {
    const spool = folder(test);
    const { store, server } = await bucket(test, spool);
    await write(store, ['a'.repeat(1_500), 'b'.repeat(400), 'c'.repeat(1_500), 'd'.repeat(10)]);
    assert.deepEqual(server.requests, ['POST begin', 'PUT part', 'PUT part', 'PUT part', 'POST upload']);
    assert.equal(server.objects.get(KEY)?.length, 3_410);
    assert.deepEqual(filesIn(spool), []);
  });

  it('gets later what could not be sent, or what a dead process left', async (test) => {
    const spool = folder(test);
    const { store, server } = await bucket(test, spool);
    const console = test.mock.method(globalThis.console, 'warn', () => {});
    server.fail(400);
    assert.equal(await write(store, ['x'.repeat(2_500)]), 'kept');
    assert.equal(filesIn(spool).length, 1);
    assert.equal(await store.recover(wanted(true)), 0);
    letSettle(spool);
    assert.equal(await store.recover(wanted(true)), 0);
    assert.equal(filesIn(spool).length, 1, 'what cannot be sent is kept');
    assert.equal(console.mock.callCount(), 0, 'the log is told, and nobody else');
    server.fail(undefined);
    assert.equal(await store.recover(wanted(true)), 1);
    assert.equal(await read(store), 'x'.repeat(2_500));
    assert.deepEqual(filesIn(spool), []);
    assert.equal(await store.recover(wanted(true)), 0);
  });

  it('leaves to its writer what is still being written, in this process or another with the same spool', async (test) => {
    const spool = folder(test);
    const { store } = await bucket(test, spool);
    const other = await bucket(test, spool);
    const writer = await store.create(KEY);
    await writer.append(Buffer.from('x'.repeat(500)));
    assert.equal(await other.store.recover(wanted(true)), 0);
    letSettle(spool);
    assert.equal(await store.recover(wanted(true)), 0);
    await writer.append(Buffer.from('y'.repeat(700)));
    await writer.finish();
    assert.equal(await read(store), 'x'.repeat(500) + 'y'.repeat(700));
  });

  it('is not left with parts that a dead process had begun to send', async (test) => {
    const spool = folder(test);
    const { store, server } = await bucket(test, spool);
    // Whoever wrote it never came to its end.
    const dead = await store.create(KEY);
    await dead.append(Buffer.from('x'.repeat(2_500)));
    await until(() => server.requests.includes('PUT part'), 'a part to be sent');
    assert.equal(server.openUploads(), 1);
    letSettle(spool);
    const next = createS3Store(settings(server, spool));
    test.after(() => next.close());
    assert.equal(await next.recover(wanted(true)), 1);
    assert.equal(server.openUploads(), 0);
    assert.equal(await read(next), 'x'.repeat(2_500));
    assert.equal(await dead.finish(), 'kept');
  });

  it('is not left with parts of what was deleted, either', async (test) => {
    const spool = folder(test);
    const { store, server } = await bucket(test, spool);
    const dead = await store.create(KEY);
    await dead.append(Buffer.from('x'.repeat(2_500)));
    await until(() => server.requests.includes('PUT part'), 'a part to be sent');
    letSettle(spool);
    const next = createS3Store(settings(server, spool));
    test.after(() => next.close());
    assert.equal(await next.recover(wanted(false)), 0);
    assert.deepEqual([server.openUploads(), ...server.objects.keys(), ...filesIn(spool)], [0]);
    assert.equal(await dead.finish(), 'kept');
  });

  it('that does not answer is not waited for: nothing stays open, and the recording is sent later', async (test) => {
    const spool = folder(test);
    const { store, server } = await bucket(test, spool);
    const impatient = createS3Store({ ...settings(server, spool), partBytes: LARGE_BYTES, requestTimeoutMs: 200 });
    test.after(() => impatient.close());
    server.fail('silence');
    assert.equal(await write(impatient, ['x'.repeat(LARGE_BYTES)]), 'kept');
    await until(() => !isOpen(spool), 'the file to be closed');
    server.fail(undefined);
    letSettle(spool);
    assert.equal(await store.recover(wanted(true)), 1);
    assert.equal(server.objects.get(KEY)?.length, LARGE_BYTES);
    assert.equal(server.openUploads(), 0);
  });

  it('gets a file once where two processes find it', async (test) => {
    const spool = folder(test);
    const { store, server } = await bucket(test, spool);
    const other = createS3Store(settings(server, spool));
    test.after(() => other.close());
    server.fail(400);
    assert.equal(await write(store, ['x'.repeat(2_500)]), 'kept');
    server.fail(undefined);
    letSettle(spool);
    const recovered = await store.recover({
      ...wanted(true),
      async isWanted() {
        // The other one sends it while this one has only seen it.
        assert.equal(await other.recover(wanted(true)), 1);
        return true;
      },
    });
    assert.equal(recovered, 0);
    assert.equal(await read(store), 'x'.repeat(2_500));
  });

  it('does not get what was deleted before it could be sent', async (test) => {
    const spool = folder(test);
    const { store, server } = await bucket(test, spool);
    server.fail(400);
    assert.equal(await write(store, ['x'.repeat(2_500)]), 'kept');
    server.fail(undefined);
    letSettle(spool);
    assert.equal(await store.recover(wanted(false)), 0);
    assert.deepEqual([...server.objects.keys(), ...filesIn(spool)], []);
  });

  it('does not keep what was deleted while it was sent', async (test) => {
    const spool = folder(test);
    const { store, server } = await bucket(test, spool);
    server.fail(400);
    assert.equal(await write(store, ['x'.repeat(2_500)]), 'kept');
    server.fail(undefined);
    letSettle(spool);
    assert.equal(await store.recover({ ...wanted(true), noteStored: () => Promise.resolve(false) }), 0);
    assert.ok(server.requests.includes('PUT'), 'it was sent');
    assert.deepEqual([...server.objects.keys(), ...filesIn(spool)], []);
  });
});

/** More than the buffers between two programs take. */
const LARGE_BYTES = 32 * 1_024 * 1_024;

/** Whether this process has a file of the folder open: proc_pid_fd(5). */
function isOpen(spool: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(spool);
    } catch {
      // It was the one that lists them.
      return false;
    }
  });
}

function wanted(answer: boolean): RecordingClaims {
  const isWanted = (key: string) => Promise.resolve(key === KEY && answer);
  return { isWanted, noteStored: isWanted };
}

function filesIn(spool: string): string[] {
  return readdirSync(spool, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

/** As if nobody had written to it for an hour. */
function letSettle(spool: string): void {
  const then = new Date(Date.now() - 3_600_000);
  for (const file of readdirSync(spool, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) utimesSync(path.join(file.parentPath, file.name), then, then);
  }
}
