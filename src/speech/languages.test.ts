import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSilentLogger } from '../platform/log.ts';
import { createSpeechEngines } from './index.ts';
import { canTalk, ENGINE_LANGUAGES, type EngineWishes, planEngines } from './languages.ts';
import { createCompatibleTutor, createOpenAi } from './openai/index.ts';
import { createYandex } from './yandex/index.ts';

it('says of every engine what the engine says of itself', async () => {
  const log = createSilentLogger();
  const openai = createOpenAi({ apiKey: 'none', log });
  const yandex = createYandex({ apiKey: 'none', log });
  const thinking = createCompatibleTutor({ name: 'yandex', apiKey: 'none', baseUrl: 'http://x', model: 'x', log });
  const engines = createSpeechEngines({
    log,
    additional: {
      speechToText: [openai.speechToText, yandex.speechToText],
      tutors: [openai.tutor, thinking.tutor],
      textToSpeech: [openai.textToSpeech, yandex.textToSpeech],
      speechToSpeech: [openai.speechToSpeech],
    },
  });
  try {
    const told: Record<string, Record<string, readonly string[]>> = {};
    for (const { kind, name, languages } of engines.describe()) (told[kind] ??= {})[name] = languages.toSorted();
    assert.deepEqual(told, ENGINE_LANGUAGES);
  } finally {
    await engines.close();
    openai.close();
    thinking.close();
    await yandex.close();
  }
});

describe('the plan of engines', () => {
  const plan = (language: 'en' | 'ru', keys: readonly string[], ...wishes: EngineWishes[]) =>
    planEngines({ language, wishes, available: new Set([...keys, 'local']) });

  it('is local without keys, and has no Russian', () => {
    const english = plan('en', []);
    assert.deepEqual(english, { s2s: [], stt: ['local'], tutor: ['local'], tts: ['local'] });
    assert.equal(canTalk(english), true);
    assert.equal(canTalk(plan('ru', [])), false);
  });

  it('is speech to speech with an OpenAI key, and the pipeline behind it', () => {
    assert.deepEqual(plan('en', ['openai']), {
      s2s: ['openai'],
      stt: ['openai', 'local'],
      tutor: ['openai', 'local'],
      tts: ['openai', 'local'],
    });
  });

  it('hears and speaks with Yandex, and thinks with whoever can', () => {
    const wished = { engine: 'yandex' };
    assert.deepEqual(plan('en', ['yandex'], wished), {
      s2s: [],
      stt: ['yandex', 'local'],
      tutor: ['yandex', 'local'],
      tts: ['yandex', 'local'],
    });
    assert.deepEqual(plan('ru', ['yandex', 'openai'], wished), {
      s2s: [],
      stt: ['yandex', 'openai'],
      tutor: ['openai', 'yandex'],
      tts: ['yandex', 'openai', 'local'],
    });
  });

  it('prefers by language where both keys are there', () => {
    assert.deepEqual(plan('en', ['openai', 'yandex']).s2s, ['openai']);
    assert.deepEqual(plan('ru', ['openai', 'yandex']).s2s, []);
    assert.equal(canTalk(plan('ru', ['openai'])), true);
  });

  it('takes a mix as it was listed, with the local voice for the last word', () => {
    assert.deepEqual(
      plan('en', ['openai', 'yandex'], { stt: ['yandex', 'openai'], tutor: ['openai'], tts: ['yandex'] }),
      {
        s2s: [],
        stt: ['yandex', 'openai'],
        tutor: ['openai'],
        tts: ['yandex', 'local'],
      },
    );
  });

  it('hears the call before the settings before the environment', () => {
    const environment = { engine: 'openai', tts: ['yandex'] };
    const settings = { stt: ['local'] };
    const keys = ['openai', 'yandex'];
    assert.deepEqual(plan('en', keys, { engine: 'openai' }, settings, environment).s2s, ['openai']);
    const set = plan('en', keys, {}, settings, environment);
    assert.deepEqual([set.s2s, set.stt, set.tts], [[], ['local'], ['yandex', 'local']]);
    assert.deepEqual(plan('en', keys, {}, { engine: 'local' }, environment).stt, ['local', 'openai', 'yandex']);
  });

  it('leaves out what has no key', () => {
    assert.deepEqual(plan('en', [], { engine: 'openai' }).s2s, []);
    assert.deepEqual(plan('en', [], { stt: ['yandex', 'local'] }).stt, ['local']);
    assert.equal(canTalk(plan('en', [], { stt: ['yandex'] })), false);
  });
});
