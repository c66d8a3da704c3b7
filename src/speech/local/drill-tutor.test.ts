import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fc } from '../../testing/properties.ts';

import { testTutor } from '../../testing/conformance/tutor.ts';
import type { Level, TutorEvent, TutorMemory, TutorMessage, TutorRequest } from '../engine.ts';
import { lessonById } from './drill/lessons.ts';
import { placeIn } from './drill/memory.ts';
import { begun, Conversation, eventsOf, reply } from './drill/practice-call.ts';
import { createDrillTutor } from './drill-tutor.ts';

const tutor = createDrillTutor();

testTutor(() => ({ tutor, deadlineMs: 30_000, deterministic: true }));

test('names itself and its language', () => {
  assert.equal(tutor.name, 'local');
  assert.deepEqual(tutor.capabilities, { languages: ['en'] });
});

for (const level of ['beginner', 'intermediate', 'advanced'] as const) {
  test(`greets an ${level} learner with a lesson of that level and asks for its first sentence`, async () => {
    const conversation = new Conversation(level);
    const { text, types, assessment } = await conversation.greet();
    const lesson = lessonById(conversation.lesson);
    assert.equal(lesson?.level, level);
    assert.match(text, /^(Hello|Welcome)/u);
    assert.match(text, /after me/u);
    assert.ok(text.includes(lesson.title) && text.includes(lesson.tip));
    assert.ok(text.endsWith(` ${lesson.sentences[0]}`));
    assert.ok(text.length < 330, 'short enough to listen to');
    assert.equal(assessment, undefined);
    assert.ok(!types.includes('end_call'));
  });
}

test('a perfect repetition is praised, and the next sentence asked for', async () => {
  const conversation = await begun();
  const first = conversation.asked;
  const { assessment, text, types } = await conversation.repeatPerfectly();
  assert.equal(assessment?.expected, first);
  assert.equal(assessment?.percent, 100);
  assert.notEqual(conversation.asked, first);
  assert.ok(text.endsWith(` ${conversation.asked}`));
  assert.equal(types.indexOf('assessment'), 0);
  assert.ok(types.indexOf('memory') < types.indexOf('text'));
});

test('speaks in whole sentences, one a delta', async () => {
  const conversation = await begun();
  const { deltas } = await conversation.repeatPerfectly();
  assert.ok(deltas.length >= 3);
  for (const delta of deltas.slice(0, -1)) assert.match(delta, /^\S.*[.!?:] $/u);
  assert.equal(deltas.at(-1), conversation.asked);
});

test('after a weak try it names the words to mind and says the sentence again, slower', async () => {
  const conversation = await begun('intermediate');
  await conversation.say('next');
  const asked = conversation.asked;
  const words = asked
    .toLowerCase()
    .replace(/[.,!?]/gu, '')
    .split(' ');
  const heard = words.slice(0, Math.floor(words.length / 2)).join(' ');
  const weak = await conversation.say(heard);
  assert.ok((weak.assessment?.percent ?? 100) <= 50);
  const missed = weak.assessment?.words.find(({ mark, text }) => mark === 'missing' && text.length > 3)?.text ?? '?';
  assert.ok(weak.text.includes(`"${missed}"`), weak.text);
  assert.ok(weak.text.endsWith(` ${asked}`));
  assert.ok((weak.rate ?? 1) < 1);
  const better = await conversation.repeatPerfectly();
  assert.equal(better.rate, 1);
  assert.notEqual(conversation.asked, asked);
});

test('after three tries it goes on kindly', async () => {
  const conversation = await begun();
  const asked = conversation.asked;
  await conversation.say('purple elephants');
  await conversation.say('purple elephants');
  assert.equal(conversation.asked, asked);
  const third = await conversation.say('purple elephants');
  assert.notEqual(conversation.asked, asked);
  assert.ok(third.text.endsWith(conversation.asked));
  assert.doesNotMatch(third.text, /wrong|bad|fail|mistake/iu);
  assert.equal(third.rate, (await reply({ occasion: 'greeting' })).rate);
});

test('hears nothing: asks gently, counts no try, and speaks of the microphone when it goes on', async () => {
  const conversation = await begun();
  const asked = conversation.asked;
  const texts = [];
  for (const heard of ['', ' ', '...', '']) {
    const answer = await conversation.say(heard);
    assert.equal(answer.assessment, undefined);
    assert.ok(answer.text.endsWith(` ${asked}`));
    texts.push(answer.text);
  }
  assert.match(texts.at(-1) ?? '', /microphone/u);
  assert.equal(placeIn(conversation.memory)?.memory.tries, 0);
});

test('the learner spoke before the greeting was heard: a short hello, and the first sentence', async () => {
  const { text, memory, assessment } = await reply({ heard: 'hello is anybody there' });
  const greeting = await reply({ occasion: 'greeting' });
  assert.ok(text.length < greeting.text.length);
  assert.match(text, /^(Hello|Hi)!/u);
  assert.ok(text.endsWith(placeIn(memory)?.sentence ?? '?'));
  assert.equal(assessment, undefined);
});

test('a call that goes on elsewhere goes on at its sentence', async () => {
  const conversation = await begun();
  await conversation.repeatPerfectly();
  const asked = conversation.asked;
  const { text } = await conversation.greet();
  assert.ok(text.endsWith(asked));
  assert.equal(conversation.asked, asked);
});

test('asks a silent learner whether they are there and says the sentence again', async () => {
  const conversation = await begun();
  const asked = conversation.asked;
  const { text } = await conversation.stayAway();
  assert.match(text, /^Are you (still )?there\?/u);
  assert.ok(text.endsWith(asked));
  assert.equal(conversation.asked, asked);
  const first = await reply({ occasion: 'away' });
  assert.ok(first.text.endsWith(placeIn(first.memory)?.sentence ?? '?'));
});

test('who spoke into the tutor’s introduction is not judged', async () => {
  const conversation = await begun();
  const history: TutorMessage[] = [{ speaker: 'tutor', text: 'Hello! I am your' }];
  const early = await reply({ heard: 'wait i have a question', memory: conversation.memory, history });
  assert.equal(early.assessment, undefined);
  assert.equal(placeIn(early.memory)?.memory.tries, 0);
  const good = await reply({ heard: conversation.asked, memory: conversation.memory, history });
  assert.equal(good.assessment?.percent, 100);
});

test('the same request is answered in the same way', async () => {
  const conversation = await begun();
  const request = { heard: 'good morning', memory: conversation.memory };
  assert.deepEqual(await reply(request), await reply(request));
});

for (const [what, change] of [
  ['garbage', () => ({ hello: 'world' })],
  ['of another version', (memory: TutorMemory) => ({ ...memory, version: 0 })],
  ['of a lesson that is gone', (memory: TutorMemory) => ({ ...memory, lesson: 'gone' })],
  ['of a sentence that is gone', (memory: TutorMemory) => ({ ...memory, sentence: 10 })],
  ['with a field too many', (memory: TutorMemory) => ({ ...memory, mood: 'good' })],
] as const) {
  test(`starts over from a memory: ${what}`, async () => {
    const later = await begun();
    await later.say('next lesson');
    const { text, memory } = await reply({ heard: 'hello', memory: change(later.memory ?? {}) });
    assert.equal(placeIn(memory)?.lesson.id, 'greetings');
    assert.ok(text.endsWith(placeIn(memory)?.sentence ?? '?'));
  });
}

test('ends at once when it is aborted', async () => {
  const abort = new AbortController();
  const request: TutorRequest = {
    occasion: 'greeting',
    heard: '',
    history: [],
    memory: undefined,
    language: 'en',
    level: 'beginner',
    instructions: '',
  };
  const seen: TutorEvent['type'][] = [];
  for await (const { type } of tutor.reply(request, abort.signal)) {
    seen.push(type);
    if (type === 'text') abort.abort();
  }
  assert.deepEqual(seen, ['pace', 'memory', 'text']);
  assert.deepEqual(await eventsOf(request, abort.signal), []);
});

test('answers whatever is heard, remembered and told, with a text and a memory it understands', async () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('next', 'yes', 'stop', '', 'good morning how are you'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(anything, { minLength: 1, maxLength: 20 }),
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.constantFrom<Level>('beginner', 'intermediate', 'advanced'),
      async (turns, garbage, level) => {
        let memory: TutorMemory | undefined = garbage;
        for (const heard of turns) {
          const answer = await reply({ heard, memory, level, history: [{ speaker: 'tutor', text: heard }] });
          assert.notEqual(answer.text.trim(), '');
          assert.ok((answer.rate ?? 0) >= 0.5 && (answer.rate ?? 3) <= 2);
          assert.notEqual(placeIn(answer.memory), undefined);
          memory = answer.memory;
        }
      },
    ),
  );
});
