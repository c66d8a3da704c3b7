import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import type { Knex } from 'knex';
import { systemClock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { Role } from '../../platform/http/route.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { serveApi } from '../../testing/api.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { startS3Server } from '../../testing/s3-server.ts';
import { insertCall, insertLearner, markCallLive } from '../../testing/stored-learners.ts';
import { createTestDatabase } from '../../testing/test-database.ts';
import { until } from '../../testing/until.ts';
import { loadOpus } from '../audio/opus.ts';
import { createTranscoder } from '../transcoding/transcoder.ts';
import { createFolderStore } from './folder-store.ts';
import { recordingRoute } from './recording-http.ts';
import { createRecordingPasses } from './recording-pass.ts';
import type { RecordingStore } from './recording-store.ts';
import { Recordings } from './recordings.ts';
import { startRecovery } from './recovery.ts';
import { createS3Store } from './s3-store.ts';

const codec = loadOpus();

async function setUp(test: TestContext) {
  const { knex } = await createTestDatabase(test);
  const folder = mkdtempSync(path.join(tmpdir(), 'ailingva-recordings-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const store = createFolderStore({ folder });
  const recordings = new Recordings({ knex, store, log: createSilentLogger() });
  await knex('settings').insert({ key: 'recordings.offered', value: 'true' });
  const userId = await insertLearner(knex);
  return { knex, recordings, userId, folder, files: () => filesIn(folder) };
}

async function consentedCall(knex: Knex, userId: string): Promise<string> {
  const [call]: { id: string }[] = await knex('calls')
    .insert({
      user_account_id: userId,
      node_id: 'media-test',
      language: 'en',
      level: 'beginner',
      recording_consent_at: knex.fn.now(),
    })
    .returning('id');
  assert.ok(call);
  await markCallLive(knex, call.id);
  return call.id;
}

async function endCall(knex: Knex, callId: string): Promise<void> {
  await knex('calls').where({ id: callId }).update({ status: 'ended', ended_at: knex.fn.now(), end_reason: 'hang_up' });
}

async function record(recordings: Recordings, callId: string, seconds: number): Promise<void> {
  const recorder = await recordings.begin(callId, codec);
  assert.ok(recorder, 'the call is recorded');
  for (let slot = 0; slot < seconds * 50; slot++) recorder.advance(slot * 20);
  await recorder.close();
}

describe('recordings', { timeout: 300_000 }, () => {
  it('are made only of calls whose learner agreed, while staff offer them', async (test) => {
    const { knex, recordings, userId, files } = await setUp(test);
    const silent = await insertCall(knex, userId);
    assert.equal(await recordings.begin(silent, codec), undefined);
    const callId = await consentedCall(knex, userId);
    await knex('settings').where({ key: 'recordings.offered' }).update({ value: 'false' });
    assert.equal(await recordings.begin(callId, codec), undefined);
    assert.deepEqual(files(), []);
  });

  it('are told of when the call is over, one part for each node that it was on', async (test) => {
    const { knex, recordings, userId } = await setUp(test);
    const callId = await consentedCall(knex, userId);
    await record(recordings, callId, 3);
    assert.deepEqual(await recordings.list(callId), []);
    await assert.rejects(recordings.read(callId, 1), (error) => error instanceof AppError);
    await record(recordings, callId, 2);
    await endCall(knex, callId);
    const parts = await recordings.list(callId);
    assert.deepEqual(
      parts.map(({ part, durationMs }) => [part, durationMs]),
      [
        [1, 3_000],
        [2, 2_000],
      ],
    );
    const { stream, size } = await recordings.read(callId, 1);
    stream.destroy();
    assert.equal(size, parts[0]?.bytes);
  });

  it('go by age and with the account, the files first', async (test) => {
    const { knex, recordings, userId, files } = await setUp(test);
    const other = await insertLearner(knex);
    for (const owner of [userId, userId, other]) {
      const callId = await consentedCall(knex, owner);
      await record(recordings, callId, 1);
      await endCall(knex, callId);
    }
    const [oldest] = await knex('call_recordings').orderBy('started_at').select('call_id');
    await knex('call_recordings')
      .where(oldest)
      .update({ ended_at: new Date('2026-01-01') });
    assert.equal(await recordings.deleteBefore(new Date('2026-01-02')), 1);
    assert.equal(files().length, 2);
    assert.equal(await recordings.deleteOfUser(userId), 1);
    assert.equal(await recordings.deleteOfUser(userId), 0);
    assert.equal(files().length, 1);
    const left = await knex('call_recordings').join('calls', 'calls.id', 'call_id').select('user_account_id');
    assert.deepEqual(left, [{ user_account_id: other }]);
  });

  it('go with the account also while they are written, and nothing of them comes back', async (test) => {
    const { knex, recordings, userId, files } = await setUp(test);
    const callId = await consentedCall(knex, userId);
    const recorder = await recordings.begin(callId, codec);
    assert.ok(recorder);
    for (let slot = 0; slot < 150; slot++) recorder.advance(slot * 20);
    assert.equal(await recordings.deleteOfUser(userId), 1);
    for (let slot = 150; slot < 300; slot++) recorder.advance(slot * 20);
    await recorder.close();
    assert.deepEqual(files(), []);
    assert.deepEqual(await knex('call_recordings').select(), []);
  });

  it('go with the account also where their writer ends in the middle of that', async (test) => {
    const { knex, userId } = await setUp(test);
    const stored = new Set<string>();
    let closing: (() => Promise<void>) | undefined;
    const store: RecordingStore = {
      ...createFolderStore({ folder: '/dev/null/nowhere' }),
      create: async (key) => ({ append: async () => {}, finish: async () => (stored.add(key), 'stored') }),
      async delete(key) {
        stored.delete(key);
        await closing?.();
      },
    };
    const recordings = new Recordings({ knex, store, log: createSilentLogger() });
    const recorder = await recordings.begin(await consentedCall(knex, userId), codec);
    assert.ok(recorder);
    closing = () => recorder.close();
    assert.equal(await recordings.deleteOfUser(userId), 1);
    assert.deepEqual([...stored], []);
    assert.deepEqual(await knex('call_recordings').select(), []);
  });

  it('stay complete where a recovery brought them to the bucket before their writer could note its end', async (test) => {
    const { knex, userId } = await setUp(test);
    const recover = async (key: string): Promise<'kept'> => {
      await knex('call_recordings').where({ object_key: key }).update({ complete: true });
      return 'kept';
    };
    const store: RecordingStore = {
      ...createFolderStore({ folder: '/dev/null/nowhere' }),
      create: async (key) => ({ append: async () => {}, finish: () => recover(key) }),
    };
    const callId = await consentedCall(knex, userId);
    await record(new Recordings({ knex, store, log: createSilentLogger() }), callId, 1);
    const kept = await knex('call_recordings').where({ call_id: callId }).first('complete', 'ended_at');
    assert.equal(kept.complete, true);
    assert.ok(kept.ended_at, 'its end is noted');
  });

  it('are there to be listened to when the process that wrote them has died', async (test) => {
    const { knex, recordings, userId } = await setUp(test);
    const callId = await consentedCall(knex, userId);
    const recorder = await recordings.begin(callId, codec);
    assert.ok(recorder);
    // Nobody comes to close it; the call is ended by the sweep.
    for (let slot = 0; slot < 320; slot++) recorder.advance(slot * 20);
    await endCall(knex, callId);
    await until(async () => (await sizeOf(recordings, callId)) > 5 * 400, 'the pages to be written');
    const [part] = await recordings.list(callId);
    assert.deepEqual([part?.part, part?.durationMs], [1, null]);
    const { stream } = await recordings.read(callId, 1);
    const seconds = await playedSeconds(await buffer(stream));
    assert.ok(seconds >= 4.9 && seconds <= 6, `${seconds} s can be played`);
    await recorder.close();
  });

  it('leave no row behind where the store cannot begin a file', async (test) => {
    const { knex, userId } = await setUp(test);
    const store = createFolderStore({ folder: '/dev/null/nowhere' });
    const recordings = new Recordings({ knex, store, log: createSilentLogger() });
    const callId = await consentedCall(knex, userId);
    assert.equal(await recordings.begin(callId, codec), undefined);
    assert.deepEqual(await knex('call_recordings').select(), []);
  });

  it('say when the store has failed', async (test) => {
    const { knex, userId } = await setUp(test);
    const store: RecordingStore = {
      ...createFolderStore({ folder: '/dev/null/nowhere' }),
      create: async () => ({
        append: () => Promise.reject(new Error('The disk is full')),
        finish: async () => 'stored',
      }),
    };
    const recordings = new Recordings({ knex, store, log: createSilentLogger() });
    const recorder = await recordings.begin(await consentedCall(knex, userId), codec);
    assert.ok(recorder);
    await until(() => recorder.broken.aborted, 'the failure to be told');
    await recorder.close();
    assert.deepEqual(await knex('call_recordings').select('complete'), [{ complete: false }]);
  });

  it('are told to be on their way to the bucket as long as they can be, and are complete when all of them is there', async (test) => {
    const { knex, userId, folder } = await setUp(test);
    const server = await startS3Server({ bucket: 'calls', accessKeyId: 'key' });
    test.after(() => server.close());
    const clock = new FakeClock(new Date());
    const log = createSilentLogger();
    const openHouse = () => {
      const store = createS3Store({
        bucket: 'calls',
        endpoint: server.endpoint,
        region: 'us-east-1',
        accessKeyId: 'key',
        secretAccessKey: 'secret',
        spoolFolder: folder,
        log,
        clock,
      });
      test.after(() => store.close());
      return new Recordings({ knex, store, log });
    };
    const recordings = openHouse();
    const codeOf = async (callId: string): Promise<string> => {
      try {
        const { stream } = await recordings.read(callId, 1);
        stream.destroy();
        return 'there';
      } catch (error) {
        return error instanceof AppError ? error.code : String(error);
      }
    };
    const completeOf = async (callId: string) =>
      await knex('call_recordings').where({ call_id: callId }).first('complete', knex.raw('ended_at IS NULL AS open'));

    server.fail(400);
    const [whole, dead, lost] = [
      await consentedCall(knex, userId),
      await consentedCall(knex, userId),
      await consentedCall(knex, userId),
    ];
    for (const callId of [whole, dead, lost]) {
      await record(recordings, callId, 1);
      await endCall(knex, callId);
    }
    // Its process did not come to this.
    await knex('call_recordings')
      .where({ call_id: dead })
      .update({ ended_at: null, duration_ms: null, bytes: null, complete: null });
    assert.deepEqual(await completeOf(whole), { complete: null, open: false });
    assert.deepEqual(await completeOf(dead), { complete: null, open: true });
    assert.deepEqual([await codeOf(whole), await codeOf(dead)], ['recording_being_stored', 'recording_being_stored']);

    server.fail(undefined);
    // Its disk is gone.
    const { object_key: lostKey } = await knex('call_recordings').where({ call_id: lost }).first('object_key');
    rmSync(path.join(folder, lostKey));
    await clock.advance(6 * 60_000);
    assert.equal(await openHouse().recover(), 2);
    assert.deepEqual(await completeOf(whole), { complete: true, open: false });
    assert.deepEqual(await completeOf(dead), { complete: false, open: false });
    assert.deepEqual([await codeOf(whole), await codeOf(dead)], ['there', 'there']);
    assert.equal(await codeOf(lost), 'recording_being_stored');
    await knex('calls')
      .where({ id: lost })
      .update({ ended_at: knex.raw(`now() - interval '25 hours'`) });
    assert.equal(await codeOf(lost), 'recording_not_found');
  });

  it('are listened to by their learner, by staff, who are written down, and by whoever has a link', async (test) => {
    const { knex, recordings, userId } = await setUp(test);
    const callId = await consentedCall(knex, userId);
    await record(recordings, callId, 2);
    await endCall(knex, callId);
    const clock = new FakeClock();
    const passes = createRecordingPasses({ secret: 'a secret of at least thirty-two bytes', clock });
    const listened: string[] = [];
    const route = recordingRoute({
      recordings,
      passes,
      authenticator: {
        authenticate: async (header) => {
          const [id = '', role = ''] = (header ?? '').replace('Bearer ', '').split('/');
          if (id === '') throw new AppError({ code: 'token_missing', kind: 'unauthenticated', message: 'Sign in.' });
          return { userId: id, role: role as Role, tokenVersion: 1 };
        },
      },
      onListened: async ({ actorId }) => void listened.push(actorId),
    });
    const ask = await serveApi(test, {
      routes: [route],
      authenticator: { authenticate: () => Promise.reject(new Error()) },
    });
    const address = `/api/calls/${callId}/recording`;
    const statusFor = async (token?: string) =>
      (await ask('GET', address, token === undefined ? {} : { token })).status;

    assert.equal(await statusFor(), 401);
    assert.equal(await statusFor('stranger/student'), 404);
    assert.equal(await statusFor('clerk/analyst'), 404);
    assert.equal(await statusFor(`${userId}/student`), 200);
    assert.deepEqual(listened, []);
    assert.equal(await statusFor('helper/support'), 200);
    assert.deepEqual(listened, ['helper']);

    const [link] = await recordings.links(callId, passes);
    assert.ok(link);
    const whole = await ask('GET', link.url);
    assert.deepEqual([whole.status, whole.headers.get('content-type')], [200, 'audio/ogg']);
    assert.equal(whole.text.slice(0, 4), 'OggS');
    const some = await ask('GET', link.url, { headers: { range: 'bytes=28-35' } });
    assert.deepEqual([some.status, some.text], [206, 'OpusHead']);
    assert.equal(some.headers.get('content-range'), `bytes 28-35/${link.bytes}`);
    const none = await ask('GET', link.url, { headers: { range: 'bytes=999999999-' } });
    assert.deepEqual([none.status, none.headers.get('content-range')], [416, `bytes */${link.bytes}`]);
    assert.equal((await ask('GET', link.url.replace('part=1', 'part=2'))).status, 401);
    assert.equal((await ask('GET', `${link.url}x`)).status, 401);
    await clock.advance(7 * 3_600_000);
    assert.equal((await ask('GET', link.url)).status, 401);
  });
});

describe('what was left behind', () => {
  it('is looked for at once and every five minutes, one look at a time, whatever the last one met, until it is closed', async () => {
    const clock = new FakeClock();
    const looks: PromiseWithResolvers<number>[] = [];
    const recordings = {
      recover() {
        const look = Promise.withResolvers<number>();
        looks.push(look);
        return look.promise;
      },
    };
    const recovery = startRecovery({ recordings, clock, log: createSilentLogger() });
    assert.equal(looks.length, 1);
    await clock.advance(20 * 60_000);
    assert.equal(looks.length, 1, 'the first still goes on');
    looks[0]?.reject(new Error('No bucket'));
    await clock.advance(5 * 60_000 - 1);
    assert.equal(looks.length, 1);
    await clock.advance(1);
    assert.equal(looks.length, 2);
    recovery.close();
    looks[1]?.resolve(1);
    await clock.advance(3_600_000);
    assert.equal(looks.length, 2);
  });
});

/** After the call's end; once is enough. */
async function sizeOf(recordings: Recordings, callId: string): Promise<number> {
  const { stream, size } = await recordings.read(callId, 1);
  stream.destroy();
  return size;
}

/** Of what a player makes of it. */
async function playedSeconds(ogg: Buffer): Promise<number> {
  const transcoder = createTranscoder({ log: createSilentLogger(), clock: systemClock });
  const decoder = transcoder.decode({ container: 'ogg', signal: new AbortController().signal });
  await decoder.write(ogg);
  decoder.end();
  let frames = 0;
  for await (const frame of decoder.frames) if (frame.length > 0) frames += 1;
  await transcoder.close();
  return frames / 50;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}
