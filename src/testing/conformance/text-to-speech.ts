import assert from 'node:assert/strict';

import { EngineError, type Language, type SynthesisEvent, type TextToSpeech } from '../../speech/engine.ts';
import { type ConformanceCase, findViolations, testCases } from './conformance-case.ts';
import { assertNoEvents, EventReader } from './event-reader.ts';

export interface TextToSpeechSubject {
  readonly engine: TextToSpeech;
  /** An event comes within this, or never. */
  readonly deadlineMs: number;
}

type Case = ConformanceCase<TextToSpeechSubject>;

const SENTENCES: Readonly<Record<Language, string>> = {
  en: 'Could I have a cup of coffee, please?',
  ru: 'Доброе утро, как у вас дела?',
};
/** A sentence of that length lasts about two seconds, whoever says it. */
const SHORTEST_MS = 500;
const LONGEST_MS = 10_000;

function read(
  { engine, deadlineMs }: TextToSpeechSubject,
  options: {
    readonly text?: string;
    readonly language?: Language;
    readonly rate?: number;
    readonly signal?: AbortSignal;
  },
): EventReader<SynthesisEvent> {
  const language = options.language ?? engine.capabilities.languages[0];
  assert.ok(language, 'an engine speaks something');
  const { text = SENTENCES[language], rate = 1, signal = new AbortController().signal } = options;
  return new EventReader(engine.synthesize({ text, language, rate }, signal), deadlineMs);
}

function audioOf(events: readonly SynthesisEvent[]): Int16Array[] {
  return events.filter((event) => event.type === 'audio').map(({ samples }) => samples);
}

function lengthOf(events: readonly SynthesisEvent[]): number {
  return audioOf(events).reduce((sum, samples) => sum + samples.length, 0);
}

const speaksEveryLanguage: Case = {
  name: 'says a sentence in each of its languages, in a plausible time',
  async check(subject) {
    for (const language of subject.engine.capabilities.languages) {
      const events = await read(subject, { language }).rest();
      for (const samples of audioOf(events)) assert.ok(samples instanceof Int16Array && samples.length > 0);
      const lengthMs = (lengthOf(events) / subject.engine.sampleRate) * 1_000;
      assert.ok(lengthMs > SHORTEST_MS && lengthMs < LONGEST_MS, `${language}: ${lengthMs} ms`);
      assert.ok(
        audioOf(events).some((samples) => samples.some((sample) => Math.abs(sample) > 1_000)),
        `${language}: silence`,
      );
    }
  },
};

const slower: Case = {
  name: 'speaks longer at a lower rate',
  async check(subject) {
    const slow = lengthOf(await read(subject, { rate: 0.6 }).rest());
    const own = lengthOf(await read(subject, { rate: 1 }).rest());
    const fast = lengthOf(await read(subject, { rate: 1.6 }).rest());
    assert.ok(slow > own * 1.2 && own > fast * 1.2, `${slow} ${own} ${fast}`);
  },
};

const nothingToSay: Case = {
  name: 'ends without an error when there is nothing to say',
  async check(subject) {
    for (const text of ['', '   \n']) assertNoEvents(await read(subject, { text }).rest());
    // Whether signs alone sound is the voice's affair.
    await read(subject, { text: '… — !?' }).rest();
  },
};

const oddText: Case = {
  name: 'survives any text: other scripts, emoji, what looks like options or commands',
  async check(subject) {
    for (const text of [
      'Привет 👋 日本語 عربى',
      '--help',
      '-f /etc/passwd',
      '[[h@"loU]] <b>x</b> \u0001\u0000',
      'a\ud800b',
    ]) {
      await read(subject, { text }).rest();
    }
    assert.ok(lengthOf(await read(subject, {}).rest()) > 0);
  },
};

const longText: Case = {
  name: 'says a long sentence whole',
  async check(subject) {
    const one = lengthOf(await read(subject, {}).rest());
    const { languages } = subject.engine.capabilities;
    const text = Array.from({ length: 12 }, () => SENTENCES[languages[0] ?? 'en']).join(' ');
    assert.ok(lengthOf(await read(subject, { text }).rest()) > one * 9);
  },
};

const abortedBefore: Case = {
  name: 'says nothing when it is aborted before',
  check: async (subject) => assertNoEvents(await read(subject, { signal: AbortSignal.abort() }).rest()),
};

const abortedWithin: Case = {
  name: 'gives no audio after it is aborted, and no error',
  async check(subject) {
    const abort = new AbortController();
    const reader = read(subject, { signal: abort.signal });
    await reader.until('audio');
    abort.abort();
    assertNoEvents(await reader.rest());
  },
};

const abortedWhileWaiting: Case = {
  name: 'ends when it is aborted while the next audio is waited for',
  async check(subject) {
    const abort = new AbortController();
    const reader = read(subject, { signal: abort.signal });
    const reading = reader.rest();
    abort.abort();
    assert.equal(lengthOf(await reading), 0);
  },
};

const abortedAnywhere: Case = {
  name: 'may be aborted after any of its audio, and left twice',
  async check(subject) {
    const parts = audioOf(await read(subject, {}).rest()).length;
    for (const after of new Set([0, 1, 2, Math.floor(parts / 2), parts])) {
      const abort = new AbortController();
      const reader = read(subject, { signal: abort.signal });
      // How the sound is cut up may differ from time to time.
      while (audioOf(reader.seen).length < after && (await reader.next()) !== undefined) continue;
      abort.abort();
      assert.equal(lengthOf(await reader.rest()), 0, 'audio after the abort');
      await reader.leave();
      await reader.leave();
    }
    assert.ok(lengthOf(await read(subject, {}).rest()) > 0);
  },
};

const twoAtOnce: Case = {
  name: 'says two sentences at once, each its own',
  async check(subject) {
    const [language = 'en'] = subject.engine.capabilities.languages;
    const texts = [SENTENCES[language], `${SENTENCES[language]} ${SENTENCES[language]}`];
    const alone: number[] = [];
    for (const text of texts) alone.push(lengthOf(await read(subject, { text }).rest()));
    const together = await Promise.all(texts.map(async (text) => lengthOf(await read(subject, { text }).rest())));
    assert.deepEqual(together, alone);
  },
};

const manyAborted: Case = {
  name: 'still speaks after many sentences were aborted or left',
  async check(subject) {
    const aborts = Array.from({ length: 24 }, () => new AbortController());
    const readers = aborts.map(({ signal }) => read(subject, { signal }));
    const endings = readers.map((reader) => reader.rest());
    for (const abort of aborts) abort.abort();
    await Promise.all(endings);
    for (let i = 0; i < 6; i++) {
      const left = read(subject, {});
      await left.until('audio');
      await left.leave();
    }
    assert.ok(lengthOf(await read(subject, {}).rest()) > 0);
  },
};

const slowReader: Case = {
  name: 'speaks to others while readers are slow to take theirs',
  async check(subject) {
    const slow = Array.from({ length: 24 }, () => read(subject, {}));
    for (const reader of slow) await reader.until('audio');
    assert.ok(lengthOf(await read(subject, {}).rest()) > 0);
    const lengths = await Promise.all(slow.map(async (reader) => lengthOf([...reader.seen, ...(await reader.rest())])));
    assert.equal(new Set(lengths).size, 1, `lengths differ: ${lengths.join(', ')}`);
  },
};

const ownArrays: Case = {
  name: 'gives its audio away: writing into it changes nothing that comes later',
  async check(subject) {
    const first = audioOf(await read(subject, {}).rest());
    const loudest = Math.max(...first.map((samples) => samples.reduce((max, s) => Math.max(max, Math.abs(s)), 0)));
    for (const samples of first) samples.fill(0);
    const again = audioOf(await read(subject, {}).rest());
    const loudestAgain = Math.max(...again.map((samples) => samples.reduce((max, s) => Math.max(max, Math.abs(s)), 0)));
    assert.ok(loudestAgain > loudest / 2);
  },
};

const wordTimes: Case = {
  name: 'says where each word begins, in order, within the audio',
  exempts: ({ engine }) => (engine.capabilities.wordTimes ? undefined : 'gives no word times'),
  async check(subject) {
    const events = await read(subject, {}).rest();
    const words = events.filter((event) => event.type === 'word');
    assert.ok(words.length > 1);
    const lengthMs = (lengthOf(events) / subject.engine.sampleRate) * 1_000;
    for (const [i, { offset, startMs }] of words.entries()) {
      const before = words[i - 1];
      if (before) assert.ok(offset > before.offset && startMs >= before.startMs);
      assert.ok(startMs >= 0 && startMs <= lengthMs);
    }
  },
};

const unknownLanguage: Case = {
  name: 'refuses a language that it does not know',
  exempts: ({ engine }) => (engine.capabilities.languages.length < 2 ? undefined : 'knows every language'),
  async check(subject) {
    const language = subject.engine.capabilities.languages.includes('en') ? 'ru' : 'en';
    await assert.rejects(
      read(subject, { language }).rest(),
      (error) => error instanceof EngineError && error.code === 'engine_rejected' && !error.retryable,
    );
  },
};

const cases: readonly Case[] = [
  speaksEveryLanguage,
  slower,
  nothingToSay,
  oddText,
  longText,
  abortedBefore,
  abortedWithin,
  abortedWhileWaiting,
  abortedAnywhere,
  manyAborted,
  twoAtOnce,
  slowReader,
  ownArrays,
  wordTimes,
  unknownLanguage,
];

export const textToSpeechRules: readonly string[] = cases.map(({ name }) => name);

/** Every text-to-speech engine passes this. */
export function testTextToSpeech(subject: () => TextToSpeechSubject): void {
  testCases('text to speech', cases, subject);
}

/** The names of the rules that an engine breaks. */
export function findTextToSpeechViolations(subject: () => TextToSpeechSubject): Promise<string[]> {
  return findViolations(cases, subject);
}
