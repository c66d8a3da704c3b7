import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createPersonLimit } from '../../platform/rate-limit.ts';
import { serveApi } from '../../testing/api.ts';
import { createScriptedTutor } from '../../testing/engines/scripted-tutor.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { insertLearner } from '../../testing/stored-learners.ts';
import { createTestDatabase } from '../../testing/test-database.ts';
import { createSystemRules, systemRuleRoutes } from './index.ts';

it('administrators keep the rules and try them on the tutor over HTTP; support reads them, nobody else does', async (t) => {
  const { knex } = await createTestDatabase(t);
  const userId = await insertLearner(knex);
  let role: 'admin' | 'support' | 'analyst' = 'admin';
  let closed = 0;
  const tutor = createScriptedTutor({
    answers: [
      {
        events: [
          { type: 'text', delta: 'Well ' },
          { type: 'text', delta: 'said.' },
          { type: 'usage', usage: { inputTokens: 300, outputTokens: 3 } },
        ],
      },
    ],
  });
  const ask = await serveApi(t, {
    routes: systemRuleRoutes({
      systemRules: createSystemRules({ knex }),
      openTutor: async () => ({ tutor, close: async () => void (closed += 1) }),
      clock: new FakeClock(),
      emailsOf: async (ids) => new Map(ids.map((id) => [id, 'staff@example.com'])),
      limitTrials: createPersonLimit({ requests: 3, perSeconds: 600 }),
    }),
    authenticator: { authenticate: async () => ({ userId, role, tokenVersion: 1 }) },
  });
  const path = '/api/admin/system-rules';
  const token = 'any';

  const made = await ask('POST', path, { token, body: { title: 'Tea', text: 'Talk of tea.', language: 'en' } });
  assert.equal(made.status, 201, made.text);
  const { id } = made.body as { id: string };
  const { body } = await ask('GET', path, { token });
  const ids = (body['rules'] as { id: string }[]).map((rule) => rule.id);
  assert.equal(ids.at(-1), id);
  const ordered = await ask('PUT', `${path}/order`, { token, body: { ids: [id, ...ids.slice(0, -1)] } });
  assert.equal((ordered.body['rules'] as { id: string }[])[0]?.id, id);
  assert.equal((await ask('PUT', `${path}/${id}`, { token, body: { version: 1, text: 'Talk of milk.' } })).status, 200);
  assert.equal((await ask('PUT', `${path}/${id}`, { token, body: { version: 1, text: 'Talk.' } })).status, 409);
  const versions = await ask('GET', `${path}/${id}/versions`, { token });
  assert.deepEqual(
    (versions.body['versions'] as { text: string; updated_by_email: string }[]).map(({ text, updated_by_email }) => [
      text,
      updated_by_email,
    ]),
    [
      ['Talk of milk.', 'staff@example.com'],
      ['Talk of tea.', 'staff@example.com'],
    ],
  );
  const composed = await ask('GET', `${path}/composed?language=en&level=beginner`, { token });
  assert.match(String(composed.body['text']), /^# Tea\nTalk of milk\./);
  assert.equal((composed.body['used'] as string[])[0], id);
  assert.equal(composed.body['max_tokens'], 1_500);
  assert.ok(Number(composed.body['tokens']) < 1_500);

  const trial = await ask('POST', '/api/admin/tutor-trials', { token, body: { text: 'I like tea.', language: 'en' } });
  assert.equal(trial.status, 200, trial.text);
  assert.deepEqual([trial.body['answer'], trial.body['engine']], ['Well said.', 'scripted']);
  assert.deepEqual(trial.body['usage'], { input_tokens: 300, output_tokens: 3 });
  assert.match(tutor.requests[0]?.instructions ?? '', /^# Tea\nTalk of milk\./);
  const other = { text: 'Hello.', language: 'en', instructions: 'Be brief.' };
  await ask('POST', '/api/admin/tutor-trials', { token, body: other });
  assert.equal(tutor.requests[1]?.instructions, 'Be brief.');
  const drafts = [
    { id, title: 'Tea', text: 'Talk of coffee.', language: 'en', level: null },
    { id: null, title: 'Last', text: 'Ask back.', language: null, level: 'beginner' },
    { id: null, title: 'Other', text: 'Talk of kvass.', language: 'ru', level: null },
  ];
  assert.equal((await ask('PUT', `${path}/${id}`, { token, body: { version: 2, enabled: false } })).status, 200);
  const tried = await ask('POST', '/api/admin/tutor-trials', { token, body: { text: 'Hi.', language: 'en', drafts } });
  assert.equal(tried.status, 200, tried.text);
  assert.match(String(tried.body['instructions']), /^# Tea\nTalk of coffee\.[^]*# Last\nAsk back\.$/);
  assert.equal(tutor.requests[2]?.instructions, tried.body['instructions']);
  const unchanged = await ask('GET', `${path}/composed?language=en&level=beginner`, { token });
  assert.doesNotMatch(String(unchanged.body['text']), /coffee|milk|Ask back/);
  assert.equal(closed, 3);

  const often = await ask('POST', '/api/admin/tutor-trials', { token, body: other });
  assert.deepEqual([often.status, often.body['code']], [429, 'too_many_requests']);

  const audited = await knex('audit_log').where('subject_type', 'system_rule').orderBy('id').select('*');
  assert.deepEqual(
    audited.map(({ action, ip }) => [action, ip]),
    ['create', 'reorder', 'update', 'update'].map((verb) => [`system_rule.${verb}`, '127.0.0.1']),
  );
  const { before, after } = audited[2].details as Record<string, unknown>;
  assert.deepEqual([before, after], [{ text: 'Talk of tea.' }, { text: 'Talk of milk.' }]);

  const reading = [path, `${path}/composed?language=en&level=beginner`, `${path}/${id}/versions`];
  const writing: readonly [string, string, unknown][] = [
    ['POST', path, { title: 'Mine', text: 'Talk.' }],
    ['PUT', `${path}/${id}`, { version: 3, enabled: true }],
    ['PUT', `${path}/order`, { ids: [] }],
    ['POST', '/api/admin/tutor-trials', other],
  ];
  for (const [who, may] of [
    ['support', 200],
    ['analyst', 403],
  ] as const) {
    role = who;
    for (const address of reading) assert.equal((await ask('GET', address, { token })).status, may, address);
    for (const [method, address, sent] of writing) {
      assert.equal((await ask(method, address, { token, body: sent })).status, 403, `${who} ${method} ${address}`);
    }
  }
});
