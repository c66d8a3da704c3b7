import assert from 'node:assert/strict';

import type { Tutor, TutorEvent, TutorRequest } from '../../speech/engine.ts';
import { type ConformanceCase, findViolations, testCases } from './conformance-case.ts';
import { assertNoEvents, EventReader } from './event-reader.ts';

export interface TutorSubject {
  readonly tutor: Tutor;
  /** An event comes within this, or never. */
  readonly deadlineMs: number;
  /** The same request has the same answer. */
  readonly deterministic: boolean;
}

type Case = ConformanceCase<TutorSubject>;

function read(
  { tutor, deadlineMs }: TutorSubject,
  changes: Partial<TutorRequest>,
  signal = new AbortController().signal,
): EventReader<TutorEvent> {
  const request: TutorRequest = {
    occasion: 'greeting',
    heard: '',
    history: [],
    memory: undefined,
    language: tutor.capabilities.languages[0] ?? 'en',
    level: 'beginner',
    instructions: '',
    ...changes,
  };
  return new EventReader(tutor.reply(request, signal), deadlineMs);
}

function textOf(events: readonly TutorEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.delta : '')).join('');
}

/** What the tutor leaves behind, as it comes back from a database. */
function memoryOf(events: readonly TutorEvent[]): TutorRequest['memory'] {
  const last = events.findLast((event) => event.type === 'memory');
  return last && (JSON.parse(JSON.stringify(last.memory)) as NonNullable<TutorRequest['memory']>);
}

/** Checks the form of an answer, and hands it on. */
function checked(events: TutorEvent[]): TutorEvent[] {
  assert.notEqual(textOf(events).trim(), '', 'an answer has words');
  const firstText = events.findIndex((event) => event.type === 'text');
  for (const [i, event] of events.entries()) {
    if (event.type === 'assessment') {
      assert.ok(i < firstText, 'the assessment comes before the text');
      const { percent, words } = event.assessment;
      assert.ok(Number.isInteger(percent) && percent >= 0 && percent <= 100);
      for (const word of words) assert.equal(word.mark === 'wrong', word.heard !== undefined, word.text);
    }
    if (event.type === 'usage') {
      const { inputTokens, outputTokens } = event.usage;
      assert.ok([inputTokens, outputTokens].every((tokens) => Number.isInteger(tokens) && tokens >= 0));
    }
    if (event.type === 'pace') assert.ok(event.rate >= 0.5 && event.rate <= 2);
    if (event.type === 'memory') {
      assert.deepEqual(JSON.parse(JSON.stringify(event.memory)), event.memory, 'the memory survives JSON');
    }
  }
  return events;
}

const answers: Case = {
  name: 'greets, answers a turn with what the greeting left, and asks who is away',
  async check(subject) {
    const greeting = checked(await read(subject, {}).rest());
    const history = [{ speaker: 'tutor', text: textOf(greeting) } as const];
    const turn = checked(
      await read(subject, { occasion: 'turn', heard: 'good morning', memory: memoryOf(greeting), history }).rest(),
    );
    checked(await read(subject, { occasion: 'away', memory: memoryOf(turn), history }).rest());
  },
};

const everyLevel: Case = {
  name: 'answers in each of its languages, at each level',
  async check(subject) {
    for (const language of subject.tutor.capabilities.languages) {
      for (const level of ['beginner', 'intermediate', 'advanced'] as const) {
        checked(await read(subject, { language, level }).rest());
      }
    }
  },
};

const anyHeard: Case = {
  name: 'answers whatever was heard: nothing, another script, very much',
  async check(subject) {
    const memory = memoryOf(await read(subject, {}).rest());
    for (const heard of ['', ' ', 'Доброе утро', '👋 \u0000 <b>', 'never mind '.repeat(2_000)]) {
      checked(await read(subject, { occasion: 'turn', heard, memory }).rest());
    }
  },
};

const anyMemory: Case = {
  name: 'answers whatever memory it is given',
  async check(subject) {
    for (const memory of [undefined, {}, { version: 'x', lesson: [] }, { lesson: null, sentence: -1 }]) {
      checked(await read(subject, { occasion: 'turn', heard: 'hello', memory }).rest());
    }
  },
};

const abortedBefore: Case = {
  name: 'says nothing when it is aborted before',
  async check(subject) {
    assertNoEvents(await read(subject, {}, AbortSignal.abort()).rest());
  },
};

const abortedWithin: Case = {
  name: 'says nothing after it is aborted, at any moment',
  async check(subject) {
    const whole = await read(subject, {}).rest();
    for (let taken = 1; taken <= whole.length; taken++) {
      const abort = new AbortController();
      const reader = read(subject, {}, abort.signal);
      for (let i = 0; i < taken; i++) await reader.next();
      abort.abort();
      assertNoEvents(await reader.rest());
    }
  },
};

const stateless: Case = {
  name: 'keeps nothing between requests: the same request has the same answer, also in between others',
  exempts: ({ deterministic }) => (deterministic ? undefined : 'does not repeat itself'),
  async check(subject) {
    const memory = memoryOf(await read(subject, {}).rest());
    const turn = { occasion: 'turn', heard: 'good morning', memory } as const;
    const first = await read(subject, turn).rest();
    await read(subject, { occasion: 'turn', heard: 'something else', memory }).rest();
    assert.deepEqual(await read(subject, turn).rest(), first);
  },
};

const twoAtOnce: Case = {
  name: 'answers two at once without mixing them',
  exempts: ({ deterministic }) => (deterministic ? undefined : 'does not repeat itself'),
  async check(subject) {
    const alone = await read(subject, {}).rest();
    const [one, other] = [read(subject, {}), read(subject, {})];
    for (let left = true; left;) {
      const events = [await one.next(), await other.next()];
      left = events.some((event) => event !== undefined);
    }
    assert.deepEqual(one.seen, alone);
    assert.deepEqual(other.seen, alone);
  },
};

const cases: readonly Case[] = [
  answers,
  everyLevel,
  anyHeard,
  anyMemory,
  abortedBefore,
  abortedWithin,
  stateless,
  twoAtOnce,
];

export const tutorRules: readonly string[] = cases.map(({ name }) => name);

/** Every tutor passes this. */
export function testTutor(subject: () => TutorSubject): void {
  testCases('tutor', cases, subject);
}

/** The names of the rules that a tutor breaks. */
export function findTutorViolations(subject: () => TutorSubject): Promise<string[]> {
  return findViolations(cases, subject);
}
