import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { connectDatabase } from '../platform/database.ts';
import { openHouse } from '../testing/house.ts';
import { credit } from './ledger.ts';
import { minutesOf } from './minutes.ts';
import { kopecksOf } from './money.ts';

/** Ann got her trial, a gift with a dangerous reason and a deposit, an hour before and after midnight in Moscow. */
async function setUp(t: TestContext) {
  const house = await openHouse(t);
  const ann = await house.register('ann@example.com');
  const admin = await house.staff('admin');
  await house.ask('POST', `/api/admin/billing/users/${ann.id}/gift`, {
    token: admin.token,
    headers: { 'idempotency-key': 'k1' },
    body: { minutes: 1.5, reason: '=HYPERLINK("http://evil.example","Привет")' },
  });
  await house.knex.transaction((transaction) =>
    credit(transaction, {
      userId: ann.id,
      type: 'deposit',
      minutes: minutesOf(22_222),
      price: kopecksOf(100_000),
      idempotencyKey: 'deposit:1',
    }),
  );
  const owner = connectDatabase({
    url: house.database.url,
    poolSize: 1,
    applicationName: 'ailingva test owner',
    role: null,
  });
  t.after(() => owner.close());
  await owner.knex.raw('ALTER TABLE wallet_transactions DISABLE TRIGGER USER');
  for (const [type, at] of [
    ['trial', '2026-10-31T20:00:00Z'],
    ['gift', '2026-10-31T21:00:00Z'],
    ['deposit', '2026-11-30T20:59:59Z'],
  ] as const) {
    await owner.knex('wallet_transactions').where({ user_account_id: ann.id, type }).update({ created_at: at });
  }
  const ask = (query: string, headers: Record<string, string> = {}, token = ann.token) =>
    house.ask('GET', `/api/billing/statement${query}`, { token, headers });
  return { house, ask };
}

describe('a statement', () => {
  it('has the whole days of its time zone, and the balances around them', async (t) => {
    const { ask } = await setUp(t);
    const read = async (query: string) => {
      const { status, body, text } = await ask(query);
      assert.equal(status, 200, text);
      const rows = body['transactions'] as { type: string; amount_rub: number | null }[];
      return [body['opening_balance'], body['closing_balance'], ...rows.map(({ type }) => type)];
    };
    const november = '?from_date=2026-11-01&to_date=2026-11-30';
    assert.deepEqual(await read(`${november}&time_zone=Europe/Moscow`), [60, 283.72, 'gift', 'deposit']);
    assert.deepEqual(await read(november), [61.5, 283.72, 'deposit']);
    assert.deepEqual(await read('?from_date=2026-10-31&to_date=2026-10-31'), [0, 61.5, 'trial', 'gift']);
    assert.deepEqual(await read('?from_date=2020-01-01&to_date=2020-12-31'), [0, 0]);
    assert.deepEqual(await read('?from_date=2027-01-01&to_date=2027-12-31'), [283.72, 283.72]);
  });

  it('as CSV opens in a spreadsheet and runs nothing in it', async (t) => {
    const { ask } = await setUp(t);
    const query = '?from_date=2026-11-01&to_date=2026-11-30&time_zone=Europe%2FMoscow';
    for (const answer of [await ask(`${query}&format=csv`), await ask(query, { accept: 'text/csv' })]) {
      assert.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8');
      assert.equal(
        answer.headers.get('content-disposition'),
        'attachment; filename=statement-2026-11-01-2026-11-30.csv',
      );
      assert.equal(
        answer.text,
        [
          '\u{FEFF}created_at,type,minutes_delta,balance_after,amount_rub,reason',
          `2026-10-31T21:00:00.000Z,gift,1.5,61.5,,"'=HYPERLINK(""http://evil.example"",""Привет"")"`,
          '2026-11-30T20:59:59.000Z,deposit,222.22,283.72,1000,',
          '',
        ].join('\r\n'),
      );
    }
  });

  it('is one’s own', async (t) => {
    const { house, ask } = await setUp(t);
    const bob = await house.register('bob@example.com');
    const { status, text } = await ask('?from_date=2026-10-31&to_date=2026-11-30', {}, bob.token);
    assert.equal(status, 200);
    assert.doesNotMatch(text, /gift|deposit/);
    assert.equal(
      (await house.ask('GET', '/api/billing/statement?from_date=2026-11-01&to_date=2026-11-30')).status,
      401,
    );
  });

  it('parses what it is asked for', async (t) => {
    const { ask } = await setUp(t);
    for (const query of [
      '',
      '?from_date=2026-11-01',
      '?from_date=2026-11-31&to_date=2026-12-01',
      '?from_date=2026-11-02&to_date=2026-11-01',
      '?from_date=2025-01-01&to_date=2026-01-02',
      '?from_date=2026-11-01&to_date=2026-11-30&time_zone=Mars/Olympus',
      '?from_date=2026-11-01&to_date=2026-11-30&time_zone=%2B03:00',
      '?from_date=2026-11-01&to_date=2026-11-30&time_zone=PNT',
      `?from_date=2026-11-01&to_date=2026-11-30&time_zone=UTC'--`,
      '?from_date=2026-11-01&to_date=2026-11-30&user_id=1',
      '?from_date=2026-11-01&to_date=2026-11-30&format=pdf',
      '?from_date=2026-11-01T00:00:00Z&to_date=2026-11-30',
    ]) {
      const { status, body } = await ask(query);
      assert.deepEqual([status, body['code']], [400, 'request_invalid'], query);
    }
    assert.equal((await ask('?from_date=2025-01-01&to_date=2026-01-01')).status, 200);
  });
});
