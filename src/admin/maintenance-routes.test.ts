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
        dead: () => Promise.resolve([]),
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
  assert.deepEqual((await post('jobs/dead/finalize-call:7/replay', admin.token)).body, { replayed: true });
  assert.deepEqual((await post('jobs/dead/finalize-call:7/replay', admin.token)).body, { replayed: false });
  assert.equal((await post('jobs/dead/nothing/replay', admin.token)).status, 404);

  assert.equal((await post('analytics/rebuild', support.token)).status, 403);
  const first = post('analytics/rebuild', admin.token);
  await begun.promise;
  assert.deepEqual((await post('analytics/rebuild', admin.token)).body, { rebuilt: false });
  rebuilding.resolve();
  assert.deepEqual((await first).body, { rebuilt: true });
  assert.equal(rebuilds, 1);

  const written = await knex('audit_log').orderBy('id');
  assert.deepEqual(
    written.map((row) => [row.actor_id, row.action, row.subject_id]),
    [
      [admin.userId, 'job.replay', 'finalize-call:7'],
      [admin.userId, 'analytics.rebuild', 'all'],
    ],
  );
});
