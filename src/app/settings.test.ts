import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { createSettingsDesk } from '../admin/index.ts';
import { readConversationSettings } from '../media/conversation-settings.ts';
import { PROJECT_ROOT } from '../platform/config.ts';
import { createSilentLogger } from '../platform/log.ts';
import { insertLearner } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { HOUSE_ORDERS, houseSettings } from './settings.ts';

it('the list of settings holds every one that a room defines, each once, with a default that it can have', () => {
  const settings = houseSettings();
  const keys = settings.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
  for (const { key, schema, fallback, description } of settings) {
    assert.match(key, /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/);
    assert.deepEqual(schema.parse(fallback), fallback, key);
    assert.match(description.en, /^[A-Z][^а-я]{8,}$/, key);
    assert.match(description.ru, /^[А-Я«].{8,}$/, key);
  }

  const rooms = new Set(keys.map((key) => key.split('.')[0]));
  for (const file of globSync('src/**/*.ts', { cwd: PROJECT_ROOT })) {
    const source = readFileSync(path.join(PROJECT_ROOT, file), 'utf8');
    if (!source.includes('defineSetting({') || file.endsWith('.test.ts')) continue;
    const found = [...source.matchAll(/key: ['`]([a-z_]+)\.([a-z0-9_]+['`])?/g)];
    assert.ok(found.length > 0, file);
    for (const [, room = '', name] of found) {
      // A key that is put together belongs to a list that is taken whole.
      if (name === undefined) assert.ok(rooms.has(room), `${file}: ${room}`);
      else assert.ok(keys.includes(`${room}.${name.slice(0, -1)}`), `${file}: ${room}.${name}`);
    }
  }
});

it('what staff set is what the next call reads', async (t) => {
  const { knex } = await createTestDatabase(t);
  const desk = createSettingsDesk({ knex, settings: houseSettings(), orders: HOUSE_ORDERS });
  const read = async () => (await readConversationSettings(knex, createSilentLogger())).turns.minEndpointDelayMs;
  const before = await read();
  const by = { actorId: await insertLearner(knex), ip: '192.0.2.7' };
  await desk.change('turns.min_endpoint_delay_ms', { value: before + 50, version: null }, by);
  assert.equal(await read(), before + 50);
});

it('holds the settings against each other; the defaults agree', async (t) => {
  const { knex } = await createTestDatabase(t);
  const settings = houseSettings();
  const valueOf = (key: string): number => {
    const setting = settings.find((known) => known.key === key);
    assert.equal(typeof setting?.fallback, 'number', key);
    return Number(setting?.fallback);
  };
  for (const { lower, upper, strict } of HOUSE_ORDERS) {
    assert.ok(strict ? valueOf(lower) < valueOf(upper) : valueOf(lower) <= valueOf(upper), `${lower}, ${upper}`);
  }
  const desk = createSettingsDesk({ knex, settings, orders: HOUSE_ORDERS });
  const by = { actorId: await insertLearner(knex), ip: '192.0.2.7' };
  const least = 'turns.min_endpoint_delay_ms';
  await assert.rejects(desk.change(least, { value: 5_000, version: null }, by), { code: 'setting_invalid' });
  await assert.rejects(
    desk.change('turns.voice_release', { value: valueOf('turns.voice_threshold'), version: null }, by),
    {
      code: 'setting_invalid',
    },
  );
});
