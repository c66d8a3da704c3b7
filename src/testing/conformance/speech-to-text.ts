import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

import {
  ENGINE_FRAME_SAMPLES,
  ENGINE_SAMPLE_RATE,
  type Language,
  type SpeechToText,
  type TranscriptionEvent,
  type TranscriptionStream,
} from '../../speech/engine.ts';
import { type ConformanceCase, findViolations, testCases } from './conformance-case.ts';
import { assertNoEvents, EventReader } from './event-reader.ts';

export interface SpeechToTextSubject {
  readonly engine: SpeechToText;
  readonly language: Language;
  /** 16 kHz mono: a sentence with silence before and after, in which `word` is said first. */
  readonly utterance: Int16Array;
  /** Speech begins about here in `utterance`. */
  readonly speechStartsAtMs: number;
  /** Heard in every utterance, in lower case. */
  readonly word: string;
  /** An event comes within this, or never. */
  readonly deadlineMs: number;
  /** How many times faster than spoken a long utterance is written; engines may bound what waits. At once when absent. */
  readonly longUtteranceSpeed?: number;
}

const FRAME_MS = 20;
const LONG_UTTERANCE_MS = 65_000;

type Case = ConformanceCase<SpeechToTextSubject>;

/** Writes frames as the audio path does: always the same array, overwritten after every write. */
function writeAll(stream: TranscriptionStream, samples: Int16Array): void {
  const frame = new Int16Array(ENGINE_FRAME_SAMPLES);
  for (let from = 0; from + ENGINE_FRAME_SAMPLES <= samples.length; from += ENGINE_FRAME_SAMPLES) {
    frame.set(samples.subarray(from, from + ENGINE_FRAME_SAMPLES));
    stream.write(frame);
    frame.fill(0);
  }
}

function silence(durationMs: number): Int16Array {
  return new Int16Array((durationMs / 1_000) * ENGINE_SAMPLE_RATE);
}

/** Opens a stream for the time of `use`, and closes it. */
async function withStream(
  { engine, language, deadlineMs }: SpeechToTextSubject,
  use: (stream: TranscriptionStream, reader: EventReader<TranscriptionEvent>) => Promise<void>,
): Promise<void> {
  const stream = engine.open({ language, signal: new AbortController().signal });
  try {
    await use(stream, new EventReader(stream.events, deadlineMs));
  } finally {
    stream.close();
  }
}

function say(stream: TranscriptionStream, subject: SpeechToTextSubject): void {
  stream.startUtterance(0);
  writeAll(stream, subject.utterance);
  stream.endUtterance();
}

function assertHeard(text: string, { word }: SpeechToTextSubject): void {
  const words = text.toLowerCase().split(/[^\p{L}\p{N}']+/u);
  assert.ok(words.includes(word), `"${word}" is not in "${text}"`);
}

function countOf(events: readonly TranscriptionEvent[], type: TranscriptionEvent['type']): number {
  return events.filter((event) => event.type === type).length;
}

/** Whatever has not come until the next utterance's final does not come. */
async function assertNothingLeftOver(
  stream: TranscriptionStream,
  reader: EventReader<TranscriptionEvent>,
  subject: SpeechToTextSubject,
): Promise<void> {
  const before = countOf(reader.seen, 'final');
  say(stream, subject);
  await reader.until('final');
  stream.close();
  assert.equal(countOf(await reader.rest(), 'final'), 0, 'a final without an utterance');
  assert.equal(countOf(reader.seen, 'final'), before + 1);
}

const eachUtterance: Case = {
  name: 'answers an utterance with one final, which has the words',
  check: (subject) =>
    withStream(subject, async (stream, reader) => {
      say(stream, subject);
      const { text } = await reader.until('final');
      assertHeard(text, subject);
      await assertNothingLeftOver(stream, reader, subject);
    }),
};

const inOrder: Case = {
  name: 'answers several utterances in a row, also when they come faster than the finals',
  check: (subject) =>
    withStream(subject, async (stream, reader) => {
      for (let i = 0; i < 3; i++) say(stream, subject);
      for (let i = 0; i < 3; i++) assertHeard((await reader.until('final')).text, subject);
      assert.equal(countOf(reader.seen, 'error'), 0);
    }),
};

const emptyUtterance: Case = {
  name: 'answers an utterance without audio, and one of silence',
  check: (subject) =>
    withStream(subject, async (stream, reader) => {
      stream.startUtterance(0);
      stream.endUtterance();
      await reader.until('final');
      stream.startUtterance(0);
      writeAll(stream, silence(1_000));
      stream.endUtterance();
      await reader.until('final');
    }),
};

const prefix: Case = {
  name: 'hears the beginning that was written before the start was noticed',
  check: (subject) =>
    withStream(subject, async (stream, reader) => {
      const { utterance, speechStartsAtMs } = subject;
      const noticedAt = (speechStartsAtMs + 200) * (ENGINE_SAMPLE_RATE / 1_000);
      writeAll(stream, silence(2_000));
      writeAll(stream, utterance.subarray(0, noticedAt));
      stream.startUtterance(500);
      writeAll(stream, utterance.subarray(noticedAt));
      stream.endUtterance();
      assertHeard((await reader.until('final')).text, subject);
    }),
};

const longUtterance: Case = {
  name: `answers an utterance of ${LONG_UTTERANCE_MS / 1_000} s, and the next one`,
  check: (subject) =>
    withStream(subject, async (stream, reader) => {
      stream.startUtterance(0);
      const lengthMs = (subject.utterance.length / ENGINE_SAMPLE_RATE) * 1_000;
      for (let writtenMs = 0; writtenMs < LONG_UTTERANCE_MS; writtenMs += lengthMs) {
        writeAll(stream, subject.utterance);
        if (subject.longUtteranceSpeed) await setTimeout(lengthMs / subject.longUtteranceSpeed);
      }
      stream.endUtterance();
      assertHeard((await reader.until('final')).text, subject);
      say(stream, subject);
      assertHeard((await reader.until('final')).text, subject);
    }),
};

const strayCalls: Case = {
  name: 'ignores a start within an utterance and an end outside of one',
  check: (subject) =>
    withStream(subject, async (stream, reader) => {
      stream.endUtterance();
      stream.startUtterance(0);
      stream.startUtterance(0);
      writeAll(stream, subject.utterance);
      stream.endUtterance();
      stream.endUtterance();
      assertHeard((await reader.until('final')).text, subject);
      await assertNothingLeftOver(stream, reader, subject);
    }),
};

const wordTimes: Case = {
  name: 'gives words with times in order, within the utterance, which make up the text',
  exempts: ({ engine }) => (engine.capabilities.wordTimes ? undefined : 'gives no word times'),
  check: (subject) =>
    withStream(subject, async (stream, reader) => {
      say(stream, subject);
      const { text, words } = await reader.until('final');
      assert.ok(words && words.length > 0);
      assert.equal(words.map((word) => word.text).join(' '), text);
      const lengthMs = (subject.utterance.length / ENGINE_SAMPLE_RATE) * 1_000;
      let lastMs = 0;
      for (const { text: word, startMs, endMs, confidence } of words) {
        assert.ok(startMs >= lastMs && endMs > startMs && endMs <= lengthMs + FRAME_MS, `${word}: ${startMs}–${endMs}`);
        assert.ok(confidence >= 0 && confidence <= 1, `${word}: ${confidence}`);
        lastMs = startMs;
      }
    }),
};

const closing: Case = {
  name: 'ends at close(), which may come twice; nothing happens after it',
  check: (subject) =>
    withStream(subject, async (stream, reader) => {
      say(stream, subject);
      await reader.until('final');
      stream.close();
      stream.close();
      say(stream, subject);
      assertNoEvents(await reader.rest());
    }),
};

/** Where in a stream's life its signal aborts. */
const moments: Readonly<Record<string, (stream: TranscriptionStream, subject: SpeechToTextSubject) => void>> = {
  'at once': () => undefined,
  'in an utterance': (stream, subject) => {
    stream.startUtterance(0);
    writeAll(stream, subject.utterance);
  },
  'before the final': say,
};

const order: Case = {
  name: 'gives partials only before the final of their utterance, in whole characters',
  check: (subject) =>
    withStream(subject, async (stream, reader) => {
      for (let i = 0; i < 2; i++) {
        say(stream, subject);
        await reader.until('final');
      }
      // Silence has nothing to tell.
      writeAll(stream, silence(1_000));
      await assertNothingLeftOver(stream, reader, subject);
      const last = reader.seen.findLastIndex(({ type }) => type === 'final');
      assertNoEvents(reader.seen.slice(last + 1));
      for (const event of reader.seen) {
        assert.ok(event.type !== 'error', 'an error where nothing was wrong');
        if (event.type === 'end_of_utterance') continue;
        assert.ok(event.text.isWellFormed() && !event.text.includes('\ufffd'), `torn characters in "${event.text}"`);
        if (event.type === 'partial') assert.notEqual(event.text.trim(), '');
      }
    }),
};

const slowReader: Case = {
  name: 'keeps its finals, in order, for a reader who comes late',
  async check(subject) {
    const stream = subject.engine.open({ language: subject.language, signal: new AbortController().signal });
    try {
      for (let i = 0; i < 3; i++) say(stream, subject);
      // Another stream's answer: by then this one's are on their way, too.
      await withStream(subject, async (other, otherReader) => {
        say(other, subject);
        await otherReader.until('final');
      });
      const reader = new EventReader(stream.events, subject.deadlineMs);
      for (let i = 0; i < 3; i++) assertHeard((await reader.until('final')).text, subject);
    } finally {
      stream.close();
    }
  },
};

const closedAnywhere: Case = {
  name: 'may be closed after any frame, and then says nothing',
  async check(subject) {
    const frames = Math.floor(subject.utterance.length / ENGINE_FRAME_SAMPLES);
    for (const after of [0, 1, 2, Math.floor(frames / 2), frames]) {
      await withStream(subject, async (stream, reader) => {
        stream.startUtterance(0);
        writeAll(stream, subject.utterance.subarray(0, after * ENGINE_FRAME_SAMPLES));
        stream.close();
        assertNoEvents(await reader.rest());
      });
    }
    await withStream(subject, async (stream, reader) => {
      say(stream, subject);
      assertHeard((await reader.until('final')).text, subject);
    });
  },
};

const aborting: readonly Case[] = [
  {
    name: 'ends without an event when it is opened with an aborted signal',
    async check({ engine, language, deadlineMs }) {
      const stream = engine.open({ language, signal: AbortSignal.abort() });
      assertNoEvents(await new EventReader(stream.events, deadlineMs).rest());
      stream.close();
    },
  },
  ...Object.entries(moments).map(([moment, prepare]): Case => ({
    name: `ends when its signal aborts ${moment}`,
    async check(subject) {
      const abort = new AbortController();
      const stream = subject.engine.open({ language: subject.language, signal: abort.signal });
      const reader = new EventReader(stream.events, subject.deadlineMs);
      prepare(stream, subject);
      abort.abort();
      say(stream, subject);
      // What was said before the abort may stand in the queue; an error may not.
      assert.equal(countOf(await reader.rest(), 'error'), 0);
      stream.close();
    },
  })),
];

const twoStreams: Case = {
  name: 'serves two streams at once, each its own',
  check: (subject) =>
    withStream(subject, (one, oneReader) =>
      withStream(subject, async (other, otherReader) => {
        one.startUtterance(0);
        writeAll(one, subject.utterance);
        say(other, subject);
        assertHeard((await otherReader.until('final')).text, subject);
        other.close();
        assert.equal(countOf(await otherReader.rest(), 'final'), 0);
        one.endUtterance();
        assertHeard((await oneReader.until('final')).text, subject);
        assert.equal(countOf(oneReader.seen, 'final'), 1);
      }),
    ),
};

const unknownLanguage: Case = {
  name: 'refuses a language that it does not know, by an event',
  exempts: ({ engine }) => (engine.capabilities.languages.length < 2 ? undefined : 'knows every language'),
  async check({ engine, deadlineMs }) {
    const language = engine.capabilities.languages.includes('en') ? 'ru' : 'en';
    const stream = engine.open({ language, signal: new AbortController().signal });
    const events = await new EventReader(stream.events, deadlineMs).rest();
    assert.equal(events.length, 1);
    const [event] = events;
    assert.ok(event?.type === 'error');
    assert.equal(event.error.code, 'engine_rejected');
    assert.equal(event.error.retryable, false);
    stream.close();
  },
};

const cases: readonly Case[] = [
  eachUtterance,
  inOrder,
  emptyUtterance,
  prefix,
  strayCalls,
  wordTimes,
  order,
  slowReader,
  closing,
  closedAnywhere,
  ...aborting,
  twoStreams,
  unknownLanguage,
  longUtterance,
];

export const speechToTextRules: readonly string[] = cases.map(({ name }) => name);

/** Every speech-to-text engine passes this. */
export function testSpeechToText(subject: () => SpeechToTextSubject): void {
  testCases('speech to text', cases, subject);
}

/** The names of the rules that an engine breaks. */
export function findSpeechToTextViolations(subject: () => SpeechToTextSubject): Promise<string[]> {
  return findViolations(cases, subject);
}
