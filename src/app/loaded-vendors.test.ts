import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { createScriptedTutor } from '../testing/engines/scripted-tutor.ts';
import type { VendorEngines } from './engine-vendors.ts';
import { LoadedVendors } from './loaded-vendors.ts';

it('has what loads, tries what does not again with the next call, and closes what it has', async () => {
  const told: unknown[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void told.push(JSON.parse(line).engine) });
  const closed: string[] = [];
  let attempts = 0;
  const vendor = (name: string): VendorEngines => ({
    speechToText: [],
    tutors: [createScriptedTutor({ name })],
    textToSpeech: [],
    speechToSpeech: [],
    close: async () => void closed.push(name),
  });
  const vendors = new LoadedVendors(
    {
      openai: async ({ openaiVoice = 'none' }) => vendor(`openai ${openaiVoice}`),
      yandex: async () => {
        attempts += 1;
        if (attempts === 1) throw new Error('too many open files');
        return vendor('yandex');
      },
      keyless: async () => undefined,
    },
    log,
  );
  const tutorsOf = async (openaiVoice: string) => (await vendors.of({ openaiVoice })).tutors.map(({ name }) => name);

  // Two calls of the same moment share the attempt.
  assert.deepEqual(await Promise.all([tutorsOf('marin'), tutorsOf('marin')]), [['openai marin'], ['openai marin']]);
  assert.deepEqual([attempts, told], [1, ['yandex']]);

  const { tutors: first } = await vendors.of({ openaiVoice: 'marin' });
  assert.deepEqual(
    first.map(({ name }) => name),
    ['openai marin', 'yandex'],
  );
  const { tutors: again } = await vendors.of({ openaiVoice: 'marin', yandexVoiceRu: 'alena' });
  assert.equal(again[0], first[0], 'what is loaded stays, whatever the other vendor is set to');
  assert.notEqual(again[1], first[1], 'other models are other engines');
  assert.deepEqual([attempts, told], [3, ['yandex']]);

  await vendors.close();
  assert.deepEqual(closed.toSorted(), ['openai marin', 'yandex', 'yandex']);
});
