import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openHouse } from '../testing/house.ts';

it('takes a gift back as far as it is there, gives a charge back, and does each request once', async (t) => {
  const house = await openHouse(t);
  const [learner, admin, support] = [
    await house.register('ann@example.com'),
    await house.staff('admin'),
    await house.staff('support'),
  ];
  const reverse = (id: string, key: string, token = admin.token) =>
    house.ask('POST', `/api/admin/billing/ledger/${id}/reverse`, {
      token,
      body: { reason: 'a mistake' },
      headers: { 'idempotency-key': key },
    });
  const given = await house.ask('POST', `/api/admin/billing/users/${learner.id}/gift`, {
    token: admin.token,
    body: { minutes: 30, reason: 'for patience' },
    headers: { 'idempotency-key': 'gift-1' },
  });
  const giftId = String(given.body['transaction_id']);
  assert.deepEqual(await house.wallet(learner), [90, 0]);

  assert.equal((await reverse(giftId, 'one', support.token)).status, 403);
  assert.deepEqual((await reverse(giftId, 'one')).body, { reversed_minutes: 30 });
  assert.deepEqual((await reverse(giftId, 'one')).body, { reversed_minutes: 0 }, 'a double click');
  assert.equal((await reverse(giftId, 'two')).body['code'], 'nothing_to_reverse');
  assert.deepEqual(await house.wallet(learner), [60, 0]);

  const reversalRow: { id: string } | undefined = await house
    .knex('wallet_transactions')
    .where('reverses_id', giftId)
    .first('id');
  assert.equal((await reverse(reversalRow?.id ?? '', 'three')).body['code'], 'reversal_not_reversible');

  const callId = await talk(house, learner.id, 61_000);
  assert.deepEqual(await house.wallet(learner), [58, 0]);
  const charge: { id: string } | undefined = await house
    .knex('wallet_transactions')
    .where('idempotency_key', `usage:${callId}`)
    .first('id');
  assert.deepEqual((await reverse(charge?.id ?? '', 'four')).body, { reversed_minutes: 2 });
  assert.deepEqual((await reverse(charge?.id ?? '', 'four')).body, { reversed_minutes: 0 });
  assert.equal((await reverse(charge?.id ?? '', 'five')).body['code'], 'nothing_to_reverse');
  assert.deepEqual(await house.wallet(learner), [60, 0]);

  const written = await house.knex('audit_log').where('action', 'ledger.reverse').orderBy('id');
  assert.deepEqual(
    written.map(({ actor_id: actor, details }) => [actor, details.reversed_minutes, details.reason]),
    [
      [admin.id, '30.00', 'a mistake'],
      [admin.id, '2.00', 'a mistake'],
    ],
  );
});

async function talk(house: Awaited<ReturnType<typeof openHouse>>, userId: string, talkedMs: number): Promise<string> {
  const [call] = await house
    .knex('calls')
    .insert({ user_account_id: userId, node_id: 'node', language: 'en', level: 'beginner' })
    .returning('id');
  await house.knex.transaction((transaction) => house.billing.openCall(transaction, { callId: call.id, userId }));
  await house.knex('calls').where('id', call.id).update({ status: 'live', live_at: new Date() });
  await house.billing.meter.end(call.id, { reason: 'hang_up', talkedMs });
  await house.billing.finalizeCall(call.id);
  return call.id;
}
