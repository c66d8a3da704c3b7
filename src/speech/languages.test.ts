import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createSilentLogger } from '../platform/log.ts';
import { createSpeechEngines } from './index.ts';
import { ENGINE_LANGUAGES, spokenLanguages } from './languages.ts';

it('says of every engine what the engine says of itself', async () => {
  const engines = createSpeechEngines({ log: createSilentLogger() });
  const kinds = { 'speech to text': 'stt', tutor: 'tutor', 'text to speech': 'tts' } as const;
  try {
    for (const { kind, name, languages } of engines.describe()) {
      assert.deepEqual(ENGINE_LANGUAGES[kinds[kind]][name], languages, `${kind} ${name}`);
    }
  } finally {
    await engines.close();
  }
});

it('knows in which languages engines can talk together', () => {
  assert.deepEqual(spokenLanguages({ stt: 'local', tutor: 'local', tts: 'local' }), ['en']);
  assert.deepEqual(spokenLanguages({ stt: 'local', tutor: 'nobody', tts: 'local' }), []);
});
