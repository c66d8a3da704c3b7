import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { insertLearner } from '../../testing/stored-learners.ts';
import { createTestDatabase } from '../../testing/test-database.ts';
import { createSystemRules } from './index.ts';

async function setUp(t: TestContext) {
  const { knex } = await createTestDatabase(t);
  return { knex, rules: createSystemRules({ knex }), by: { actorId: await insertLearner(knex) } };
}

describe('the system rules', () => {
  it('come with instructions for every language and level, within the budget', async (t) => {
    const { rules } = await setUp(t);
    const seen = new Set<string>();
    for (const language of ['en', 'ru'] as const) {
      for (const level of ['beginner', 'intermediate', 'advanced'] as const) {
        const { text, leftOut, tokens } = await rules.compose({ language, level });
        assert.deepEqual(leftOut, []);
        assert.ok(tokens > 100 && tokens < 1_500, `${tokens} tokens`);
        assert.match(text, /spoken call/);
        assert.match(text, language === 'en' ? /lesson is in English/ : /учит русский/);
        seen.add(text);
      }
    }
    assert.equal(seen.size, 6);
  });

  it('are added at the end, changed by their version, and remembered in every wording', async (t) => {
    const { knex, rules, by } = await setUp(t);
    const made = await rules.create({ title: 'Weather', text: 'Talk of rain.', language: 'en', level: 'advanced' }, by);
    assert.equal((await rules.list()).at(-1)?.id, made.id);
    const changed = await rules.update(made.id, { version: 1, changes: { text: 'Talk of snow.' } }, by);
    assert.deepEqual([changed.version, changed.text, changed.title], [2, 'Talk of snow.', 'Weather']);
    await assert.rejects(rules.update(made.id, { version: 1, changes: { text: 'Talk of fog.' } }, by), {
      code: 'rule_changed',
    });
    await rules.update(made.id, { version: 2, changes: { enabled: false } }, by);
    const versions = await rules.versions(made.id);
    assert.deepEqual(
      versions.map(({ version, text, enabled }) => [version, text, enabled]),
      [
        [3, 'Talk of snow.', false],
        [2, 'Talk of snow.', true],
        [1, 'Talk of rain.', true],
      ],
    );
    assert.ok(versions.every(({ updatedBy }) => updatedBy === by.actorId));
    const audited = await knex('audit_log').where('subject_id', made.id).orderBy('id').pluck('action');
    assert.deepEqual(audited, ['system_rule.create', 'system_rule.update', 'system_rule.update']);
  });

  it('are given to tutors by language, level, order and switch', async (t) => {
    const { rules, by } = await setUp(t);
    const lesson = { language: 'en', level: 'advanced' } as const;
    const first = await rules.create({ title: 'One', text: 'Alpha.', language: 'en' }, by);
    const second = await rules.create({ title: 'Two', text: 'Beta.', level: 'advanced' }, by);
    const other = await rules.create({ title: 'Three', text: 'Gamma.', language: 'ru' }, by);
    const text = async () => (await rules.compose(lesson)).text;
    assert.match(await text(), /Alpha[^]*Beta/);
    assert.doesNotMatch(await text(), /Gamma/);
    const ids = (await rules.list()).map(({ id }) => id).filter((id) => id !== second.id);
    await rules.reorder([second.id, ...ids], by);
    assert.match(await text(), /^# Two\nBeta[^]*Alpha/);
    await rules.update(first.id, { version: 1, changes: { enabled: false } }, by);
    assert.doesNotMatch(await text(), /Alpha/);
    await assert.rejects(rules.reorder([second.id, other.id], by), { code: 'rule_order_incomplete' });
  });

  it('leave out what the budget has no room for, and what cannot be', async (t) => {
    const { rules, by } = await setUp(t);
    const big = await rules.create({ title: 'Long', text: 'word '.repeat(1_500) }, by);
    const { leftOut, tokens } = await rules.compose({ language: 'en', level: 'beginner' });
    assert.deepEqual(leftOut, [big.id]);
    assert.ok(tokens <= 1_500);
    await assert.rejects(rules.create({ title: ' ', text: 'x' }, by), { code: 'rule_invalid' });
    await assert.rejects(rules.update('nobody', { version: 1, changes: {} }, by), { code: 'rule_not_found' });
    assert.deepEqual(await rules.versions('nobody'), []);
  });
});
