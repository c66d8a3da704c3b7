import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createSilentLogger } from '../platform/log.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { readEngineSettings } from './engine-settings.ts';
import { speechSettings } from './index.ts';

it('are keys that the table takes, with defaults that they accept, each once', () => {
  const keys = speechSettings.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
  for (const { key, schema, fallback, description } of speechSettings) {
    assert.match(key, /^speech\.[a-z][a-z0-9_]*$/);
    assert.deepEqual(schema.parse(fallback), fallback, key);
    assert.ok(description.en.length > 10 && description.ru.length > 10);
  }
});

it('are read with what is stored, and with defaults where nothing is', async (t) => {
  const { knex } = await createTestDatabase(t);
  const stored = { engine_ru: 'yandex', stt_en: ['yandex', 'local'], openai_tutor_model: 'my-model', stall_ms: 3_000 };
  const rows = Object.entries(stored).map(([name, value]) => ({ key: `speech.${name}`, value: JSON.stringify(value) }));
  await knex('settings').insert(rows);
  const settings = await readEngineSettings(knex, createSilentLogger());
  assert.deepEqual(settings.models, { openaiTutorModel: 'my-model' });
  assert.deepEqual(settings.wishes('ru'), { engine: 'yandex', stt: [], tutor: [], tts: [] });
  assert.deepEqual(settings.wishes('en'), { engine: undefined, stt: ['yandex', 'local'], tutor: [], tts: [] });
  assert.ok((settings.prices.stt['yandex'] ?? 0) > 0);
  assert.deepEqual([settings.limits.stallMs, settings.limits.firstResultMs], [3_000, 5_000]);
});
