import assert from 'node:assert/strict';

import {
  ENGINE_FRAME_SAMPLES,
  type Language,
  type SpeechToSpeech,
  type SpeechToSpeechEvent,
  type SpeechToSpeechSession,
} from '../../speech/engine.ts';
import { type ConformanceCase, findViolations, testCases } from './conformance-case.ts';
import { assertNoEvents, EventReader } from './event-reader.ts';

export interface SpeechToSpeechSubject {
  readonly engine: SpeechToSpeech;
  readonly language: Language;
  /** 16 kHz mono: a sentence and a second of silence after it. */
  readonly utterance: Int16Array;
  /** An event comes within this, or never. */
  readonly deadlineMs: number;
}

type Case = ConformanceCase<SpeechToSpeechSubject>;
type Reader = EventReader<SpeechToSpeechEvent>;

/** The microphone: frames every few milliseconds, speech when it is told, silence else. */
class Microphone {
  readonly #session: SpeechToSpeechSession;
  readonly #frame = new Int16Array(ENGINE_FRAME_SAMPLES);
  readonly #timer: NodeJS.Timeout;
  #speech: Int16Array = new Int16Array(0);

  constructor(session: SpeechToSpeechSession) {
    this.#session = session;
    this.#timer = setInterval(() => this.#write(), 2);
  }

  say(utterance: Int16Array): void {
    this.#speech = utterance;
  }

  off(): void {
    clearInterval(this.#timer);
  }

  /** Always the same array, overwritten after every write. */
  #write(): void {
    const next = this.#speech.subarray(0, ENGINE_FRAME_SAMPLES);
    this.#speech = this.#speech.subarray(ENGINE_FRAME_SAMPLES);
    this.#frame.set(next);
    this.#session.write(this.#frame);
    this.#frame.fill(0);
  }
}

async function withSession(
  { engine, language, deadlineMs }: SpeechToSpeechSubject,
  use: (session: SpeechToSpeechSession, reader: Reader, microphone: Microphone) => Promise<void>,
): Promise<void> {
  const session = engine.open({
    language,
    level: 'beginner',
    instructions: '',
    history: [],
    signal: new AbortController().signal,
  });
  const microphone = new Microphone(session);
  try {
    await use(session, new EventReader(session.events, deadlineMs), microphone);
  } finally {
    microphone.off();
    session.close();
  }
}

/** Reads one answer to its end and checks that all of it carries its id. */
async function readAnswer(reader: Reader): Promise<string> {
  const { answerId } = await reader.until('answer_started');
  const from = reader.seen.length;
  const finished = await reader.until('answer_finished');
  assert.equal(finished.answerId, answerId);
  const within = reader.seen.slice(from);
  for (const event of within) if ('answerId' in event) assert.equal(event.answerId, answerId);
  const samples = within.flatMap((event) => (event.type === 'audio' ? [event.samples] : []));
  assert.ok(samples.length > 0 && samples.every((chunk) => chunk instanceof Int16Array && chunk.length > 0));
  assert.ok(within.some((event) => event.type === 'text' && event.delta !== ''));
  return answerId;
}

const greeting: Case = {
  name: 'speaks first when it is asked to',
  check: (subject) =>
    withSession(subject, async (session, reader) => {
      session.greet();
      await readAnswer(reader);
    }),
};

const dialogue: Case = {
  name: 'hears two turns and answers each',
  check: (subject) =>
    withSession(subject, async (_session, reader, microphone) => {
      const ids: string[] = [];
      for (let turn = 0; turn < 2; turn++) {
        microphone.say(subject.utterance);
        await reader.until('speech_started');
        await reader.until('speech_stopped');
        ids.push(await readAnswer(reader));
      }
      assert.equal(new Set(ids).size, 2);
      const heard = reader.seen.filter((event) => event.type === 'heard' && event.final);
      assert.equal(heard.length, 2);
    }),
};

const interruption: Case = {
  name: 'stops an answer that is interrupted, and goes on with the next turn',
  check: (subject) =>
    withSession(subject, async (session, reader, microphone) => {
      session.greet();
      const { answerId } = await reader.until('audio');
      session.interrupt(answerId, 100);
      session.interrupt(answerId, 100);
      const from = reader.seen.length;
      microphone.say(subject.utterance);
      const next = await readAnswer(reader);
      assert.notEqual(next, answerId);
      const late = reader.seen.slice(from).filter((event) => event.type === 'audio' && event.answerId === answerId);
      // What was on its way when the interruption came may still arrive; an answer that goes on may not.
      assert.ok(late.length <= 1, `${late.length} pieces of the interrupted answer`);
    }),
};

const anyMoment: Case = {
  name: 'falls silent at whatever moment it is told to, and can be asked to speak again',
  check: (subject) =>
    withSession(subject, async (session, reader) => {
      for (let pieces = 1; pieces <= 4; pieces++) {
        session.greet();
        const { answerId } = await reader.until('answer_started');
        for (let i = 1; i < pieces; i++) await reader.until('audio');
        session.interrupt(answerId, pieces);
        const from = reader.seen.length;
        await reader.until('answer_finished');
        const late = reader.seen.slice(from).filter((event) => event.type === 'audio');
        assert.ok(late.length <= 1, `${late.length} pieces after the interruption`);
      }
      session.greet();
      await readAnswer(reader);
    }),
};

const silence: Case = {
  name: 'neither hears nor answers silence',
  check: (subject) =>
    withSession(subject, async (session, reader) => {
      const frame = new Int16Array(ENGINE_FRAME_SAMPLES);
      for (let i = 0; i < 100; i++) session.write(frame);
      session.greet();
      await readAnswer(reader);
      const types = new Set(reader.seen.map(({ type }) => type));
      assert.ok(!types.has('speech_started') && !types.has('heard'));
      assert.equal(reader.seen.filter(({ type }) => type === 'answer_started').length, 1);
    }),
};

const closing: Case = {
  name: 'ends at close(), which may come twice; nothing happens after it',
  check: (subject) =>
    withSession(subject, async (session, reader) => {
      session.greet();
      await reader.until('audio');
      session.close();
      session.close();
      session.greet();
      session.interrupt('none', 0);
      assertNoEvents(await reader.rest());
    }),
};

const closedAnywhere: Case = {
  name: 'may be closed at once, while it thinks, while it is spoken to and while nobody reads',
  async check(subject) {
    await withSession(subject, async (session, reader) => {
      session.close();
      assertNoEvents(await reader.rest());
    });
    await withSession(subject, async (session, reader) => {
      session.greet();
      session.close();
      assertNoEvents(await reader.rest());
    });
    await withSession(subject, async (session, reader, microphone) => {
      microphone.say(subject.utterance);
      await reader.until('speech_started');
      session.close();
      assertNoEvents(await reader.rest());
    });
    await withSession(subject, async (session, reader) => {
      session.greet();
      // Another session's whole answer: by then this one's is on its way, too, and nobody has read it.
      await withSession(subject, async (other, otherReader) => {
        other.greet();
        await readAnswer(otherReader);
      });
      session.close();
      assertNoEvents(await reader.rest());
    });
  },
};

const lateReader: Case = {
  name: 'keeps an answer whole for a reader who comes late',
  check: (subject) =>
    withSession(subject, async (session, reader) => {
      session.greet();
      await withSession(subject, async (other, otherReader) => {
        other.greet();
        await readAnswer(otherReader);
      });
      await readAnswer(reader);
      for (const event of reader.seen) if (event.type === 'text') assert.ok(!event.delta.includes('\ufffd'));
    }),
};

const aborting: Case = {
  name: 'ends when its signal aborts, before and within',
  async check({ engine, language, deadlineMs }) {
    const options = { language, level: 'beginner', instructions: '', history: [] } as const;
    const before = engine.open({ ...options, signal: AbortSignal.abort() });
    assertNoEvents(await new EventReader(before.events, deadlineMs).rest());
    const abort = new AbortController();
    const within = engine.open({ ...options, signal: abort.signal });
    const reader = new EventReader(within.events, deadlineMs);
    within.greet();
    abort.abort();
    assert.equal((await reader.rest()).filter((event) => event.type === 'error').length, 0);
  },
};

const twoSessions: Case = {
  name: 'serves two sessions at once, each its own',
  check: (subject) =>
    withSession(subject, (one, oneReader) =>
      withSession(subject, async (_other, otherReader, otherMicrophone) => {
        one.greet();
        otherMicrophone.say(subject.utterance);
        await readAnswer(otherReader);
        await readAnswer(oneReader);
        assert.ok(!oneReader.seen.some((event) => event.type === 'heard' || event.type === 'speech_started'));
      }),
    ),
};

const unknownLanguage: Case = {
  name: 'refuses a language that it does not know, by an event',
  exempts: ({ engine }) => (engine.capabilities.languages.length < 2 ? undefined : 'knows every language'),
  async check({ engine, deadlineMs }) {
    const language = engine.capabilities.languages.includes('en') ? 'ru' : 'en';
    const { signal } = new AbortController();
    const session = engine.open({ language, level: 'beginner', instructions: '', history: [], signal });
    const [event, ...more] = await new EventReader(session.events, deadlineMs).rest();
    assert.ok(event?.type === 'error');
    assert.deepEqual([event.error.code, event.error.retryable, more.length], ['engine_rejected', false, 0]);
  },
};

const cases: readonly Case[] = [
  greeting,
  dialogue,
  interruption,
  anyMoment,
  silence,
  lateReader,
  closing,
  closedAnywhere,
  aborting,
  twoSessions,
  unknownLanguage,
];

export const speechToSpeechRules: readonly string[] = cases.map(({ name }) => name);

/** Every speech-to-speech engine passes this. */
export function testSpeechToSpeech(subject: () => SpeechToSpeechSubject): void {
  testCases('speech to speech', cases, subject);
}

/** The names of the rules that an engine breaks. */
export function findSpeechToSpeechViolations(subject: () => SpeechToSpeechSubject): Promise<string[]> {
  return findViolations(cases, subject);
}
