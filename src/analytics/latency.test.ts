import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openFiguresHouse } from '../testing/figures-house.ts';
import { catchUp, insertSession, insertTurn } from '../testing/stored-usage.ts';

it('tells latencies by stage, engine and day within their error, and what engines cost', async (t) => {
  const house = await openFiguresHouse(t);
  const { knex, analytics, ann } = house;
  const callId = await insertSession(knex, { payer: ann, at: '2025-12-05T10:00:00Z', minutes: 1 });
  const engines = { tutor: 'openai', tts: 'yandex' };
  const usageLines = [{ kind: 'tts', engine: 'yandex', characters: 40, cost_micro_rub: 12_000 }];
  for (let n = 1; n <= 100; n += 1) {
    const turn = { callId, ordinal: n, at: '2025-12-05T10:00:00Z', engines, usageLines };
    await insertTurn(knex, { ...turn, stages: { reply: 5 } });
    await insertTurn(knex, { ...turn, stages: { reply: n * 10 } });
    if (n % 30 === 0) await catchUp(analytics);
  }
  // What somebody wrote otherwise stops nobody's figures.
  const odd = { callId, ordinal: 999, at: '2025-12-05T10:00:00Z', engines: { tutor: '=1+1' } };
  await insertTurn(knex, {
    ...odd,
    stages: { reply: 'soon' } as never,
    usageLines: [{ engine: '=1+1', kind: 'tts' }],
  });
  await knex('call_turns').where({ ordinal: 999 }).update({ stages: '[]', usage_lines: '{}' });
  await catchUp(analytics);
  const { status, body, text } = await house.get(`latency?from_date=2025-12-05&to_date=2025-12-05`);
  assert.equal(status, 200, text);
  const days = body['days'] as Record<string, number | string>[];
  assert.equal(days.length, 1, text);
  const [row = {}] = days;
  assert.deepEqual(
    [row['day'], row['engine'], row['stage'], row['turns']],
    ['2025-12-05', 'openai+yandex', 'reply', 100],
  );
  for (const [name, exact] of Object.entries({ p50_ms: 500, p95_ms: 950, p99_ms: 990 })) {
    assert.ok(Math.abs(Number(row[name]) - exact) <= exact * 0.025, `${name} ${row[name]}`);
  }
  const csv = await house.get(`latency?from_date=2025-12-05&to_date=2025-12-05&format=csv`);
  assert.match(csv.text, /2025-12-05,openai\+yandex,reply,100,/);
  const costs = await house.get('engines?from_date=2025-12-05&to_date=2025-12-05');
  const [cost = {}] = costs.body['engines'] as Record<string, unknown>[];
  // A name that a spreadsheet would calculate with.
  await insertTurn(knex, {
    ...odd,
    stages: { reply: 10 },
    usageLines: [{ engine: '@x', kind: 'tts', characters: '7' }],
  });
  await catchUp(analytics);
  const dated = 'from_date=2025-12-05&to_date=2025-12-05&format=csv';
  assert.match((await house.get(`latency?${dated}`)).text, /\r\n2025-12-05,'=1\+1,reply,1,/);
  const costsCsv = (await house.get(`engines?${dated}`)).text;
  assert.match(costsCsv, /\r\n'@x,tts,1,0,0,0,0,0,0\r\n/);
  const elsewhere = await house.get(`latency?time_zone=Asia/Tokyo`);
  assert.deepEqual([elsewhere.status, elsewhere.body['code']], [400, 'request_invalid']);
  assert.deepEqual([cost['engine'], cost['turns'], cost['characters'], cost['cost_rub']], ['yandex', 100, 4000, 1.2]);
});
