import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { loadConfig } from '../platform/config.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { createEngineChoice } from './engine-choice.ts';

it('takes the call before the settings before the environment, and tells what has no key', async (t) => {
  const { knex } = await createTestDatabase(t);
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const set = (key: string, value: unknown) =>
    knex('settings')
      .insert({ key: `speech.${key}`, value: JSON.stringify(value) })
      .onConflict('key')
      .merge();
  const config = loadConfig({ YANDEX_API_KEY: 'key', VOICE_ENGINE: 'yandex' });
  const choice = createEngineChoice({ config, knex, log });
  const english = { language: 'en' } as const;

  assert.deepEqual((await choice.plan(english)).stt, ['yandex', 'local']);
  assert.deepEqual(await choice.languages(), ['en'], 'nobody here thinks in Russian');

  await set('engine_en', 'local');
  assert.deepEqual((await choice.plan(english)).stt, ['local', 'yandex']);
  assert.deepEqual((await choice.plan({ ...english, askedEngine: 'yandex' })).stt, ['yandex', 'local']);
  assert.deepEqual(lines, []);

  await set('engine_en', 'openai');
  assert.deepEqual((await choice.plan(english)).stt, ['yandex', 'local']);
  assert.equal(lines[0]?.['variable'], 'OPENAI_API_KEY');

  await knex('settings')
    .where('key', 'speech.engine_en')
    .update({ value: JSON.stringify('parrot') });
  assert.deepEqual((await choice.plan(english)).stt, ['yandex', 'local'], 'a wrong setting keeps nobody from talking');
  assert.equal(lines[1]?.['key'], 'speech.engine_en');

  await knex('settings').whereLike('key', 'speech.%').delete();
  const folder = { YANDEX_API_KEY: 'key', YANDEX_FOLDER_ID: 'b1g' };
  const alone = createEngineChoice({ config: loadConfig(folder), knex, log });
  assert.deepEqual(await alone.languages(), ['en', 'ru'], 'Yandex thinks, too, where it has a folder');
  assert.deepEqual(await alone.plan({ language: 'ru' }), {
    s2s: [],
    stt: ['yandex'],
    tutor: ['yandex'],
    tts: ['yandex', 'local'],
  });
  await set('tutor_ru', ['yandex']);
  assert.deepEqual(await choice.languages(), ['en']);
  assert.equal(lines[2]?.['variable'], 'YANDEX_FOLDER_ID');
  await knex('settings').whereLike('key', 'speech.%').delete();

  const withTutor = createEngineChoice({ config: loadConfig({ YANDEX_API_KEY: 'k', OPENAI_API_KEY: 'k' }), knex, log });
  assert.deepEqual(await withTutor.languages(), ['en', 'ru']);
  const russian = await withTutor.plan({ language: 'ru' });
  assert.deepEqual([russian.s2s, russian.stt[0], russian.tutor[0], russian.tts[0]], [[], 'yandex', 'openai', 'yandex']);
});
