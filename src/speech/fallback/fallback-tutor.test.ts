import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testTutor } from '../../testing/conformance/tutor.ts';
import { createScriptedTutor, type ScriptedAnswer } from '../../testing/engines/scripted-tutor.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { Tutor, TutorEvent, TutorRequest } from '../engine.ts';
import { apologies } from './apologies.ts';
import { FallbackTutor } from './fallback-tutor.ts';
import { createFallbackRig } from './fallback.fixture.ts';

const request: TutorRequest = {
  occasion: 'turn',
  heard: 'hello',
  history: [],
  memory: undefined,
  language: 'en',
  level: 'beginner',
  instructions: '',
};
const failure = { code: 'engine_unavailable' } as const;
const failing: ScriptedAnswer = { events: [], failure };

function tutor(name: string, ...answers: ScriptedAnswer[]) {
  return createScriptedTutor({ name, answers });
}

function createRig(...tutors: readonly Tutor[]) {
  const rig = createFallbackRig(new FakeClock());
  const fallback = new FallbackTutor(tutors, rig.context);
  const ask = async (changes: Partial<TutorRequest> = {}, signal = new AbortController().signal) => {
    const events: TutorEvent[] = [];
    let error: unknown;
    try {
      for await (const event of fallback.reply({ ...request, ...changes }, signal)) events.push(event);
    } catch (thrown) {
      error = thrown;
    }
    const text = events.map((event) => (event.type === 'text' ? event.delta : '')).join('');
    return { events, text, error };
  };
  return { ...rig, fallback, ask };
}

describe('several tutors as one', () => {
  testTutor(() => ({
    tutor: createRig(tutor('down', failing), createScriptedTutor({ name: 'up' })).fallback,
    deadlineMs: 30_000,
    deterministic: true,
  }));

  it('has the next one answer where one fails before its first word, and remembers nothing of the failed answer', async () => {
    const assessment = { expected: 'a', words: [], percent: 0 } as const;
    const first = tutor('first', { events: [{ type: 'assessment', assessment }, { type: 'end_call' }], failure });
    const { ask, fallback, changes } = createRig(first, tutor('second', 'Hello to you.'));
    const { events, error } = await ask();
    assert.equal(error, undefined);
    assert.deepEqual(events, [{ type: 'text', delta: 'Hello to you.' }]);
    assert.equal(fallback.name, 'second');
    assert.deepEqual(changes, ['tutor: first to second, engine_unavailable']);
  });

  it('goes on without waiting for ever for one that hangs, or says nothing', async () => {
    const { ask, clock } = createRig(
      tutor('hangs', { events: [], stall: true }),
      tutor('dumb', ''),
      tutor('third', 'Here.'),
    );
    const asking = ask();
    await clock.advance(5_000);
    assert.equal((await asking).text, 'Here.');
  });

  it('ends an answer that breaks off with an apology, and says nothing twice', async () => {
    const first = tutor('first', { events: [{ type: 'text', delta: 'I think that' }], failure });
    const second = tutor('second', 'Never.');
    const { ask } = createRig(first, second);
    const { text, error } = await ask();
    assert.equal(text, `I think that${apologies.brokenOff.en}`);
    assert.equal(error, undefined);
    assert.equal(second.requests.length, 0);
  });

  it('apologizes when nobody answers, in the language of the lesson, and fails after it', async () => {
    const { ask } = createRig(tutor('first', failing), tutor('second', failing));
    const { text, error } = await ask({ language: 'ru' });
    assert.equal(text, apologies.noAnswer.ru);
    assert.ok(error instanceof Error && 'code' in error && error.code === 'engine_unavailable');
  });

  it('apologizes before the conversation takes it for dead, however many hang', async () => {
    const hanging = ['a', 'b', 'c', 'd'].map((name) => tutor(name, { events: [], stall: true }));
    const { ask, clock } = createRig(...hanging);
    const asking = ask();
    await clock.advance(10_000);
    assert.equal((await asking).text, apologies.noAnswer.en);
    assert.equal(hanging[2]?.requests.length, 0);
  });

  it('leaves one alone that keeps failing, and comes back to it when it works', async () => {
    const answers: ScriptedAnswer[] = [failing, failing, failing, 'probe', 'I am back.'];
    const first = tutor('first', ...answers);
    const { ask, clock } = createRig(first, tutor('second', 'Instead.'));
    for (let turn = 0; turn < 5; turn += 1) assert.equal((await ask()).text, 'Instead.');
    assert.equal(first.requests.length, 3);
    await clock.advance(5_000);
    assert.equal((await ask()).text, 'I am back.');
  });

  it('does not ask a tutor for a language that it does not know', async () => {
    const english = createScriptedTutor({ name: 'english', languages: ['en'], answers: ['Hello.'] });
    const { ask, changes } = createRig(english, tutor('both', 'Привет.'));
    assert.equal((await ask({ language: 'ru' })).text, 'Привет.');
    assert.deepEqual([english.requests.length, changes.length], [0, 0]);
  });

  it('gives a tutor only what it remembered itself', async () => {
    const remember = (memory: Record<string, unknown>, delta: string): ScriptedAnswer => ({
      events: [
        { type: 'text', delta },
        { type: 'memory', memory },
      ],
    });
    const first = tutor('first', remember({ place: 1 }, 'One.'), failing, 'Two.');
    const second = tutor('second', remember({ line: 7 }, 'Three.'));
    const { ask } = createRig(first, second);
    const memoryOf = (events: readonly TutorEvent[]) => events.find((event) => event.type === 'memory')?.memory;
    const one = memoryOf((await ask()).events);
    const two = memoryOf((await ask({ memory: one })).events);
    await ask({ memory: two });
    assert.deepEqual(
      first.requests.map(({ memory }) => memory),
      [undefined, { place: 1 }, undefined],
    );
    assert.deepEqual(second.requests[0]?.memory, undefined);
  });

  it('tells what each answer cost, also of one that was given up', async () => {
    const used = (inputTokens: number) => ({ type: 'usage', usage: { inputTokens, outputTokens: 1 } }) as const;
    const first = tutor('first', { events: [used(100)], failure });
    const second = tutor('second', { events: [{ type: 'text', delta: 'Yes.' }, used(10), used(5)] });
    const { ask, uses } = createRig(first, second);
    await ask();
    assert.deepEqual(uses, [
      { kind: 'tutor', engine: 'first', tokens: { inputTokens: 100, outputTokens: 1 } },
      { kind: 'tutor', engine: 'second', tokens: { inputTokens: 15, outputTokens: 2 } },
    ]);
  });

  it('keeps the newest of a long history', async () => {
    const only = tutor('only', 'Yes.');
    const history = Array.from(
      { length: 400 },
      (_, turn) => ({ speaker: 'learner', text: `Sentence number ${turn}, of some length.` }) as const,
    );
    await createRig(only).ask({ history });
    const kept = only.requests[0]?.history ?? [];
    assert.ok(kept.length > 50 && kept.length < 400);
    assert.equal(kept.at(-1), history.at(-1));
  });
});
