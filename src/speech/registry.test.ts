import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AppError } from '../platform/errors.ts';
import { createSilentLogger } from '../platform/log.ts';
import { createScriptedSpeechToText } from '../testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech } from '../testing/engines/scripted-text-to-speech.ts';
import { createScriptedTutor } from '../testing/engines/scripted-tutor.ts';
import { createSpeechEngines } from './index.ts';

const log = createSilentLogger();

test('has the local engines, needs no program to hand them out, and closes twice', async () => {
  const engines = createSpeechEngines({ log, pocketsphinxStreamBin: '/nowhere' });
  assert.deepEqual(engines.speechToText('local').capabilities.languages, ['en']);
  assert.deepEqual(engines.tutor('local').capabilities.languages, ['en']);
  assert.deepEqual(engines.textToSpeech('local').capabilities.languages, ['en', 'ru']);
  assert.deepEqual(
    engines.describe().map(({ kind, name }) => `${kind}: ${name}`),
    ['stt: local', 'tutor: local', 'tts: local'],
  );
  await engines.close();
  await engines.close();
});

test('takes engines from elsewhere', async () => {
  const speechToText = createScriptedSpeechToText();
  const tutor = createScriptedTutor();
  const textToSpeech = createScriptedTextToSpeech();
  const additional = { speechToText: [speechToText], tutors: [tutor], textToSpeech: [textToSpeech] };
  const engines = createSpeechEngines({ log, additional });
  assert.equal(engines.speechToText('scripted'), speechToText);
  assert.equal(engines.tutor('scripted'), tutor);
  assert.equal(engines.textToSpeech('scripted'), textToSpeech);
  const others = engines.with({ tutors: [createScriptedTutor({ name: 'other' })] });
  assert.equal(others.textToSpeech('local'), engines.textToSpeech('local'), 'one local voice for all');
  assert.deepEqual(
    others.describe().map(({ kind, name }) => `${kind}: ${name}`),
    ['stt: local', 'tutor: local', 'tutor: other', 'tts: local'],
  );
  await engines.close();
});

test('an unknown name is answered with the names that there are', async () => {
  const engines = createSpeechEngines({ log });
  for (const kind of ['speechToText', 'tutor', 'textToSpeech', 'speechToSpeech'] as const) {
    assert.throws(
      () => engines[kind]('parrot'),
      (error) =>
        error instanceof AppError && error.code === 'engine_unknown' && /"parrot".*(local|none)/.test(error.message),
    );
  }
  await engines.close();
});
