import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AppError } from '../platform/errors.ts';
import { serveApi } from '../testing/api.ts';
import { handOutBadges } from '../testing/staff.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { maintenanceRoutes } from './maintenance-routes.ts';

it('replays a dead job once and counts the figures anew one at a time, by administrators alone, written down', async (t) => {
  const { knex } = await createTestDatabase(t);
  const badges = handOutBadges(knex);
  const [admin, support] = [await badges.hire('admin'), await badges.hire('support')];
  const dead = new Set(['finalize-call:7']);
  const begun = Promise.withResolvers<void>();
  const rebuilding = Promise.withResolvers<void>();
  let rebuilds = 0;
  const ask = await serveApi(t, {
    authenticator: badges.authenticator,
    routes: maintenanceRoutes({
      knex,
      queues: {
        counts: () =>
          Promise.resolve([
            { queue: 'calls' as never, waiting: 1, active: 0, delayed: 2, dead: 1, done: 5, oldestWaitingSec: 0.5 },
          ]),
        dead: () =>
          Promise.resolve(
            [...dead].map((id) => ({
              id,
              queue: 'calls' as never,
              job: 'finalize-call',
              payload: { callId: '7' },
              error: 'There is no such call.',
              attempts: 8,
              enqueuedAt: new Date(0),
              failedAt: new Date(1_000),
            })),
          ),
        replay(id) {
          if (!id.startsWith('finalize-call:')) {
            throw new AppError({ code: 'job_not_found', kind: 'not_found', message: 'There is no such job.' });
          }
          return Promise.resolve(dead.delete(id));
        },
      },
      analytics: {
        async rebuild() {
          rebuilds += 1;
          begun.resolve();
          await rebuilding.promise;
          return {} as never;
        },
      },
    }),
  });
  const post = (address: string, token: string) => ask('POST', `/api/admin/${address}`, { token });

  assert.equal((await ask('GET', '/api/admin/jobs/queues', { token: support.token })).status, 200);
  assert.equal((await ask('GET', '/api/admin/jobs/dead', { token: support.token })).status, 403);
  assert.equal((await post('jobs/dead/finalize-call:7/replay', support.token)).status, 403);
  const { text } = await ask('GET', '/api/admin/jobs/dead', { token: admin.token });
  assert.deepEqual((JSON.parse(text) as object[])[0], {
    id: 'finalize-call:7',
    queue: 'calls',
    job: 'finalize-call',
    error: 'There is no such call.',
    attempts: 8,
    payload: { callId: '7' },
    enqueued_at: '1970-01-01T00:00:00.000Z',
    failed_at: '1970-01-01T00:00:01.000Z',
  });
  assert.deepEqual((await post('jobs/dead/finalize-call:7/replay', admin.token)).body, { replayed: true });
  assert.deepEqual((await post('jobs/dead/finalize-call:7/replay', admin.token)).body, { replayed: false });
  assert.equal((await post('jobs/dead/nothing/replay', admin.token)).status, 404);

  assert.equal((await post('analytics/rebuild', support.token)).status, 403);
  const keyed = { token: admin.token, headers: { 'idempotency-key': 'once-only' } };
  const first = ask('POST', '/api/admin/analytics/rebuild', keyed);
  await begun.promise;
  assert.deepEqual((await post('analytics/rebuild', admin.token)).body, { rebuilt: false });
  rebuilding.resolve();
  assert.deepEqual((await first).body, { rebuilt: true });
  assert.deepEqual((await ask('POST', '/api/admin/analytics/rebuild', keyed)).body, { rebuilt: false });
  assert.equal(rebuilds, 1);

  const written = await knex('audit_log').orderBy('id');
  assert.deepEqual(
    written.map((row) => [row.actor_id, row.action, row.subject_id]),
    [
      [admin.userId, 'job.replay', 'finalize-call:7'],
      [admin.userId, 'analytics.rebuild', 'all'],
    ],
  );
  assert.deepEqual(written[0].details, {
    before: { state: 'dead', job: 'finalize-call', error: 'There is no such call.', attempts: 8 },
    after: { state: 'waiting' },
  });
  const none = { sessions: 0, billed_minutes: 0, list_kopecks: 0 };
  assert.deepEqual(written[1].details, { before: none, after: none, idempotency_key: 'once-only' });
  assert.ok(written.every(({ ip }) => ip === '127.0.0.1'));
});
