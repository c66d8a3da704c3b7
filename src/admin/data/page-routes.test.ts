import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Knex } from 'knex';
import type { QueueCounts } from '../../jobs/index.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { serveApi, type Ask } from '../../testing/api.ts';
import { handOutBadges, type Badges } from '../../testing/staff.ts';
import { insertCall, insertLearner, markCallLive } from '../../testing/stored-learners.ts';
import { createTestDatabase } from '../../testing/test-database.ts';
import { pageRoutes } from './page-routes.ts';

const LIVE = '/api/admin/live';
const ATTENTION = '/api/admin/attention';

interface Concern {
  readonly code: string;
  readonly severity: string;
  readonly count: number;
  readonly parts: readonly { readonly name: string; readonly count: number }[];
}

describe('what the pages ask for', () => {
  const ends: (() => unknown)[] = [];
  const t = { after: (end: () => unknown) => void ends.push(end) };
  let knex: Knex;
  let ask: Ask;
  let badges: Badges;
  let support = '';
  let counts: () => Promise<QueueCounts[]>;
  let lagSec = 0;

  before(async () => {
    ({ knex } = await createTestDatabase(t));
    badges = handOutBadges(knex);
    const routes = pageRoutes({
      knex,
      log: createSilentLogger(),
      queues: { counts: () => counts() },
      analytics: { lag: () => Promise.resolve({ seconds: lagSec, rows: 0 }) },
    });
    ask = await serveApi(t, { routes, authenticator: badges.authenticator });
    ({ token: support } = await badges.hire('support'));
    await knex('media_nodes').insert(node('media-0'));
  });
  beforeEach(() => {
    counts = () => Promise.resolve([queue({})]);
    lagSec = 0;
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  const concerns = async (): Promise<readonly Concern[]> => {
    const { status, body, text } = await ask('GET', ATTENTION, { token: support });
    assert.equal(status, 200, text);
    return body['concerns'] as readonly Concern[];
  };
  const codes = async (): Promise<readonly string[]> => (await concerns()).map(({ code }) => code);

  it('tells which calls live, on which node, and for how long', async () => {
    const learner = await insertLearner(knex);
    const over = await insertCall(knex, learner, 'media-0');
    await knex('calls').where('id', over).update({ status: 'ended', ended_at: knex.fn.now(), end_reason: 'hang_up' });
    const call = await insertCall(knex, learner, 'media-0');
    await markCallLive(knex, call);
    await knex('calls')
      .where('id', call)
      .update({
        live_at: knex.raw(`now() - interval '100 seconds'`),
        engines: JSON.stringify({ used: { stt: ['yandex'], tutor: ['openai'], tts: ['yandex'] }, changes: [] }),
      });
    const { body } = await ask('GET', LIVE, { token: support });
    const [only, ...others] = body['calls'] as Record<string, unknown>[];
    assert.equal(body['calls_count'], 1);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [only?.['call_id'], only?.['user_id'], only?.['status'], only?.['engine'], only?.['node_id']],
      [call, learner, 'live', 'openai+yandex', 'media-0'],
    );
    assert.match(String(only?.['email']), /@example\.com$/);
    assert.ok(Number(only?.['lasts_sec']) >= 100 && Number(only?.['lasts_sec']) < 200);
    const [first] = body['nodes'] as Record<string, unknown>[];
    assert.deepEqual([first?.['load'], first?.['capacity'], first?.['fresh']], [1, 4, true]);
    await knex('calls').where('id', call).update({ status: 'ended', ended_at: knex.fn.now(), end_reason: 'hang_up' });
  });

  it('shows what was said so far, and writes down once who reads along', async () => {
    const call = await insertCall(knex, await insertLearner(knex), 'media-0');
    await markCallLive(knex, call);
    await knex('call_turns').insert([
      turn(call, 0, 'tutor', 'Shall we order a coffee?', 'Shall we'),
      turn(call, 1, 'learner', 'Yes please', 'Yes please'),
    ]);
    const address = `/api/admin/calls/${call}/captions`;
    for (let time = 0; time < 3; time += 1) {
      const { body } = await ask('GET', address, { token: support });
      assert.equal(body['status'], 'live');
      const turns = body['turns'] as Record<string, unknown>[];
      assert.deepEqual(
        turns.map((said) => [said['ordinal'], said['speaker'], said['heard_text'], said['interrupted']]),
        [
          [0, 'tutor', 'Shall we', true],
          [1, 'learner', 'Yes please', false],
        ],
      );
    }
    const written = () => knex('audit_log').where({ action: 'call.read_along', subject_id: call });
    assert.equal((await written()).length, 1);
    const { token } = await badges.hire('admin');
    await ask('GET', address, { token });
    assert.equal((await written()).length, 2);
    for (const id of ['none', '00000000-0000-7000-8000-000000000000']) {
      assert.equal((await ask('GET', `/api/admin/calls/${id}/captions`, { token })).status, 404);
    }
    await knex('calls').where('id', call).update({ status: 'ended', ended_at: knex.fn.now(), end_reason: 'hang_up' });
  });

  it('shows neither to an analyst, nor anything to a learner', async () => {
    const { token } = await badges.hire('analyst');
    const captions = '/api/admin/calls/00000000-0000-7000-8000-000000000000/captions';
    assert.equal((await ask('GET', LIVE, { token })).status, 403);
    assert.equal((await ask('GET', captions, { token })).status, 403);
    assert.equal((await ask('GET', ATTENTION, { token })).status, 200);
    const learner = badges.tokenOf(await insertLearner(knex));
    for (const address of [LIVE, captions, ATTENTION]) {
      assert.equal((await ask('GET', address, { token: learner })).status, 403);
    }
  });

  it('is content while all is well', async () => {
    assert.deepEqual(await concerns(), []);
  });

  it('names books that differ, by the last check alone', async () => {
    await knex('reconciliations').insert({ cause: 'schedule', differences: '{"balance_is_sum_of_ledger": 3}' });
    assert.deepEqual(await concerns(), [
      {
        code: 'books_differ',
        severity: 'error',
        count: 3,
        parts: [{ name: 'balance_is_sum_of_ledger', count: 3 }],
      },
    ]);
    await knex('reconciliations').insert({ cause: 'repair', differences: '{}' });
    assert.deepEqual(await codes(), []);
  });

  it('names dead jobs and jobs that wait too long, and hides nothing when the queues are away', async () => {
    counts = () => Promise.resolve([queue({ dead: 2 }), queue({ queue: 'upkeep', waiting: 5, oldestWaitingSec: 301 })]);
    lagSec = 901;
    assert.deepEqual(
      (await concerns()).map(({ code, count, parts }) => [code, count, parts[0]?.name]),
      [
        ['jobs_dead', 2, 'calls'],
        ['jobs_waiting', 5, 'upkeep'],
        ['figures_late', 1, undefined],
      ],
    );
    counts = () => Promise.reject(new Error('away'));
    const { body } = await ask('GET', ATTENTION, { token: support });
    assert.deepEqual(body['unchecked'], ['queues']);
    assert.deepEqual(await codes(), ['figures_late']);
  });

  it('names money that nobody was credited with, and what deleted users left for too long', async () => {
    const payer = await insertLearner(knex);
    const pay = async (status: string, reason: string | null): Promise<void> => {
      const [{ id }] = await knex('payments')
        .insert({
          user_account_id: payer,
          amount_kopecks: 30_000,
          provider: 'sandbox',
          idempotency_key: crypto.randomUUID(),
          tariff_snapshot: '{}',
          quoted_minutes: 60,
        })
        .returning('id');
      await knex('payments').where({ id }).update({ status, reason });
    };
    await pay('mismatch', 'account_deleted');
    await pay('canceled', null);
    const gone = { user_account_id: payer, actor_id: payer, minutes_given_up: 0 };
    await knex('account_deletions').insert({ ...gone, created_at: knex.raw(`now() - interval '4 hours'`) });
    assert.deepEqual(
      (await concerns()).map(({ code, severity, count, parts }) => [code, severity, count, parts[0]?.name]),
      [
        ['payments_undecided', 'error', 1, 'account_deleted'],
        ['erasures_late', 'error', 1, undefined],
      ],
    );
    await knex('payments').update({ status: 'failed' });
    await knex('account_deletions').update({ erased_at: knex.fn.now() });
  });

  it('names engines that failed or were replaced, and calls that were lost, of the last day', async () => {
    const learner = await insertLearner(knex);
    const end = async (reason: string, endedAgo: string, changes: readonly object[] = []): Promise<void> => {
      const id = await insertCall(knex, learner, 'media-0');
      await knex('calls')
        .where('id', id)
        .update({
          status: 'ended',
          ended_at: knex.raw('now() - ?::interval', [endedAgo]),
          end_reason: reason,
          engines: JSON.stringify({ used: {}, changes }),
        });
    };
    await end('engine_failed', '1 hour');
    await end('engine_failed', '25 hours');
    await end('node_lost', '2 hours', [{ kind: 'stt', from: 'yandex', to: 'local', code: 'engine_timed_out' }]);
    assert.deepEqual(
      (await concerns()).map(({ code, severity, count, parts }) => [code, severity, count, parts[0]?.name]),
      [
        ['engines_failed', 'error', 1, 'engine_failed'],
        ['calls_lost', 'error', 1, 'node_lost'],
        ['engines_replaced', 'warning', 1, 'yandex'],
      ],
    );
    await knex('calls').where('end_reason', '<>', 'hang_up').update({ end_reason: 'hang_up', engines: '{}' });
  });

  it('names nodes that are full or silent, and that nobody can call', async () => {
    await knex('media_nodes').update({ load: 4 });
    assert.deepEqual(await codes(), ['media_full']);
    await knex('media_nodes').insert({ ...node('media-1'), draining: true });
    assert.deepEqual(await codes(), ['media_full']);
    await knex('media_nodes').update({ heartbeat_at: knex.raw(`now() - interval '1 minute'`) });
    assert.deepEqual(await codes(), ['no_media_node', 'nodes_silent']);
  });
});

function node(id: string) {
  // Heard of for the whole of the test.
  const heartbeat = new Date(Date.now() + 3_600_000);
  return { id, url: 'http://127.0.0.1:1', public_path: `/rtc/${id}`, capacity: 4, load: 0, heartbeat_at: heartbeat };
}

function queue(known: Partial<QueueCounts>): QueueCounts {
  return { queue: 'calls', waiting: 0, active: 0, delayed: 0, dead: 0, done: 0, oldestWaitingSec: 0, ...known };
}

function turn(callId: string, ordinal: number, speaker: string, text: string, heardText: string) {
  return {
    call_id: callId,
    ordinal,
    speaker,
    text,
    heard_text: heardText,
    interrupted: text !== heardText,
    engines: '{}',
    started_at_ms: ordinal * 1000,
    duration_ms: 500,
    stages: '{}',
  };
}
