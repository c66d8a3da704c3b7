import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { systemClock } from '../../platform/clock.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { EventReader } from '../../testing/conformance/event-reader.ts';
import { type FliteVoice, fliteVoice } from '../../testing/flite-voice.ts';
import { PATIENT_RECOGNIZER, recognizerProgram } from '../../testing/recognizer-program.ts';
import { ENGINE_FRAME_SAMPLES, type Assessment, type TutorEvent } from '../engine.ts';
import { assess } from './drill/assessment.ts';
import { lessonById, LESSONS } from './drill/lessons.ts';
import { enterLesson, freshMemory } from './drill/memory.ts';
import { createDrillTutor } from './drill-tutor.ts';
import { createPocketSphinx } from './pocketsphinx.ts';

/** How well the local engines hear and judge, on voices that are none of ours. */

const VOICES: readonly FliteVoice[] = ['slt', 'rms', 'awb'];
/** The second sentence of the first nine lessons, and the last of the first three: twelve in all. */
const SENTENCES = [
  ...LESSONS.slice(0, 9).map(({ sentences }) => sentences[1]),
  ...LESSONS.slice(0, 3).map(({ sentences }) => sentences[9]),
].filter((sentence) => sentence !== undefined);

const engine = createPocketSphinx({
  program: recognizerProgram(),
  clock: systemClock,
  log: createSilentLogger(),
  ...PATIENT_RECOGNIZER,
});
after(() => engine.close());

/** What a caller with this voice is understood to say, one utterance after the other. */
async function hear(sentences: readonly string[], voice: FliteVoice, gain = 1): Promise<string[]> {
  const stream = engine.open({ language: 'en', signal: new AbortController().signal });
  const reader = new EventReader(stream.events, PATIENT_RECOGNIZER.finalDeadlineMs);
  const heard: string[] = [];
  try {
    for (const sentence of sentences) {
      const samples = (await fliteVoice(sentence, voice)).map((sample) => sample * gain);
      stream.startUtterance(0);
      for (let from = 0; from + ENGINE_FRAME_SAMPLES <= samples.length; from += ENGINE_FRAME_SAMPLES) {
        stream.write(samples.subarray(from, from + ENGINE_FRAME_SAMPLES));
      }
      stream.endUtterance();
      heard.push((await reader.until('final')).text);
    }
  } finally {
    stream.close();
  }
  return heard;
}

/** Of 1 000 expected words, how many were wrong or missing, or said beside them; as the drill counts them. */
function errorsPerMille(sentences: readonly string[], heard: readonly string[]): number {
  let expected = 0;
  let errors = 0;
  for (const [i, sentence] of sentences.entries()) {
    const { words } = assess(sentence, heard[i] ?? '');
    expected += words.filter(({ mark }) => mark !== 'extra').length;
    errors += words.filter(({ mark }) => mark !== 'right').length;
  }
  return Math.round((1_000 * errors) / expected);
}

describe('PocketSphinx on the lessons', () => {
  for (const voice of VOICES) {
    test(`mishears less than 12 % of the words of "${voice}"`, async (t) => {
      const heard = await hear(SENTENCES, voice);
      const rate = errorsPerMille(SENTENCES, heard);
      t.diagnostic(`${rate / 10} %`);
      assert.ok(rate < 120, `${rate / 10} %: ${heard.join(' | ')}`);
    });
  }

  test('mishears less than 20 % when each sentence is the first of its caller, also from a quiet microphone', async (t) => {
    for (const gain of [1, 0.03]) {
      const heard = await Promise.all(
        SENTENCES.map(async (sentence) => (await hear([sentence], 'slt', gain))[0] ?? ''),
      );
      const rate = errorsPerMille(SENTENCES, heard);
      t.diagnostic(`at ${Math.round(20 * Math.log10(gain))} dB: ${rate / 10} %`);
      assert.ok(rate < 200, `at ${gain}: ${rate / 10} %: ${heard.join(' | ')}`);
    }
  });
});

test('nobody is told to have said a vulgar word, for it may be misheard', async () => {
  const [, ...heard] = await hear(['Hello.', 'What a bitch, he said.', 'This is bullshit, my friend.'], 'slt');
  assert.match(heard.join(' '), /friend/);
  assert.doesNotMatch(heard.join(' '), /bitch|shit/);
});

describe('the drill, heard by PocketSphinx', () => {
  const tutor = createDrillTutor();
  const cafe = lessonById('cafe') ?? LESSONS[0];
  assert.ok(cafe);
  const memory = enterLesson(freshMemory('beginner'), cafe);
  const [sentence = '', next = ''] = cafe.sentences;

  async function judge(heard: string): Promise<{ assessment: Assessment; text: string }> {
    const events: TutorEvent[] = [];
    const request = { heard, memory, history: [], language: 'en', level: 'beginner', instructions: '' } as const;
    for await (const event of tutor.reply({ ...request, occasion: 'turn' }, new AbortController().signal)) {
      events.push(event);
    }
    const assessment = events.find((event) => event.type === 'assessment')?.assessment;
    assert.ok(assessment, `no assessment of "${heard}"`);
    return { assessment, text: events.map((event) => (event.type === 'text' ? event.delta : '')).join('') };
  }

  for (const voice of VOICES) {
    test(`praises the right sentence said by "${voice}", and goes on`, async () => {
      // The voice has said something before, as it has in a call.
      const [, heard = ''] = await hear([sentence, sentence], voice);
      const { assessment, text } = await judge(heard);
      assert.ok(assessment.percent >= 80, `${assessment.percent} % for "${heard}"`);
      assert.ok(text.includes(next), text);
    });
  }

  test('marks the word that was said instead, and asks again', async () => {
    assert.equal(sentence, 'I would like a cup of coffee, please.');
    const [, heard = ''] = await hear([sentence, 'I would like a cup of water, please.'], 'slt');
    const { assessment, text } = await judge(heard);
    const wrong = assessment.words.filter(({ mark }) => mark === 'wrong');
    assert.deepEqual(wrong, [{ text: 'coffee', mark: 'wrong', heard: 'water' }], heard);
    assert.match(text, /coffee/);
  });

  test('marks the words that were left out', async () => {
    const [, heard = ''] = await hear([sentence, 'I would like coffee.'], 'slt');
    const { assessment } = await judge(heard);
    const missing = assessment.words.filter(({ mark }) => mark === 'missing').map(({ text }) => text);
    assert.ok(missing.includes('cup') && missing.includes('please'), `${missing.join(' ')} for "${heard}"`);
    assert.ok(assessment.percent < 80);
  });

  test('judges another sentence as not the one that was asked', async () => {
    const [, heard = ''] = await hear([sentence, 'My sister lives in a big house near the river.'], 'slt');
    const { assessment, text } = await judge(heard);
    assert.ok(assessment.percent <= 40, `${assessment.percent} % for "${heard}"`);
    assert.ok(!text.includes(next));
  });
});
