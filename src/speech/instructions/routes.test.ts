import assert from 'node:assert/strict';
import { it } from 'node:test';
import { serveApi } from '../../testing/api.ts';
import { createScriptedTutor } from '../../testing/engines/scripted-tutor.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { insertLearner } from '../../testing/stored-learners.ts';
import { createTestDatabase } from '../../testing/test-database.ts';
import { createSystemRules, systemRuleRoutes } from './index.ts';

it('administrators keep the rules and try them on the tutor over HTTP; nobody else does', async (t) => {
  const { knex } = await createTestDatabase(t);
  const userId = await insertLearner(knex);
  let role: 'admin' | 'support' = 'admin';
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
    }),
    authenticator: { authenticate: async () => ({ userId, role }) },
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
  assert.equal((versions.body['versions'] as unknown[]).length, 2);

  const trial = await ask('POST', '/api/admin/tutor-trials', { token, body: { text: 'I like tea.', language: 'en' } });
  assert.equal(trial.status, 200, trial.text);
  assert.deepEqual([trial.body['answer'], trial.body['engine']], ['Well said.', 'scripted']);
  assert.deepEqual(trial.body['usage'], { input_tokens: 300, output_tokens: 3 });
  assert.match(tutor.requests[0]?.instructions ?? '', /^# Tea\nTalk of milk\./);
  const other = { text: 'Hello.', language: 'en', instructions: 'Be brief.' };
  await ask('POST', '/api/admin/tutor-trials', { token, body: other });
  assert.equal(tutor.requests[1]?.instructions, 'Be brief.');
  assert.equal(closed, 2);

  role = 'support';
  assert.equal((await ask('GET', path, { token })).status, 403);
});
