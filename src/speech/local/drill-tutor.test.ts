import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Assessment, Level, TutorEvent, TutorMemory, TutorMessage, TutorRequest } from '../engine.ts';
import { testTutor } from '../../testing/conformance/tutor.ts';
import { lessonById, LESSONS } from './drill/lessons.ts';
import { placeIn } from './drill/memory.ts';
import { createDrillTutor } from './drill-tutor.ts';

const tutor = createDrillTutor();
const NEVER = new AbortController().signal;

testTutor(() => ({ tutor: createDrillTutor(), deadlineMs: 2_000, deterministic: true }));

interface Answer {
  readonly text: string;
  readonly deltas: readonly string[];
  readonly types: readonly TutorEvent['type'][];
  readonly assessment: Assessment | undefined;
  readonly rate: number | undefined;
  readonly memory: TutorMemory | undefined;
  readonly endsCall: boolean;
}

async function eventsOf(request: TutorRequest, signal: AbortSignal): Promise<TutorEvent[]> {
  const events: TutorEvent[] = [];
  for await (const event of tutor.reply(request, signal)) events.push(event);
  return events;
}

async function reply(request: Partial<TutorRequest>): Promise<Answer> {
  const whole: TutorRequest = {
    occasion: 'turn',
    heard: '',
    history: [],
    memory: undefined,
    language: 'en',
    level: 'beginner',
    instructions: '',
    ...request,
  };
  const events = await eventsOf(whole, NEVER);
  const deltas = events.flatMap((event) => (event.type === 'text' ? [event.delta] : []));
  return {
    text: deltas.join(''),
    deltas,
    types: events.map(({ type }) => type),
    assessment: events.find((event) => event.type === 'assessment')?.assessment,
    rate: events.find((event) => event.type === 'pace')?.rate,
    memory: events.find((event) => event.type === 'memory')?.memory,
    endsCall: events.some(({ type }) => type === 'end_call'),
  };
}

/** A call: every answer's memory goes, as JSON, into the next request. */
class Conversation {
  readonly level: Level;
  memory: TutorMemory | undefined;
  history: TutorMessage[] = [];

  constructor(level: Level = 'beginner') {
    this.level = level;
  }

  get asked(): string {
    return placeIn(this.memory)?.sentence ?? '';
  }

  get lesson(): string {
    return placeIn(this.memory)?.lesson.id ?? '';
  }

  async greet(): Promise<Answer> {
    return this.#take({ occasion: 'greeting' });
  }

  async say(heard: string): Promise<Answer> {
    return this.#take({ occasion: 'turn', heard });
  }

  async stayAway(): Promise<Answer> {
    return this.#take({ occasion: 'away' });
  }

  async repeatPerfectly(): Promise<Answer> {
    return this.say(this.asked.toLowerCase().replace(/[.,!?]/gu, ''));
  }

  async #take(request: Pick<TutorRequest, 'occasion'> & { readonly heard?: string }): Promise<Answer> {
    const answer = await reply({ ...request, level: this.level, memory: this.memory, history: this.history });
    const json = JSON.stringify(answer.memory);
    assert.deepEqual(JSON.parse(json), answer.memory, 'the memory survives JSON');
    this.memory = JSON.parse(json) as TutorMemory;
    if (request.heard) this.history.push({ speaker: 'learner', text: request.heard });
    this.history.push({ speaker: 'tutor', text: answer.text });
    return answer;
  }
}

async function begun(level?: Level): Promise<Conversation> {
  const conversation = new Conversation(level);
  await conversation.greet();
  return conversation;
}

test('names itself and its language', () => {
  assert.equal(tutor.name, 'drill');
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

for (const phrase of ['repeat', 'can you repeat that please', 'sorry', 'say it again please', "i didn't understand"]) {
  test(`"${phrase}" says the sentence again and counts no try`, async () => {
    const conversation = await begun();
    const asked = conversation.asked;
    const { text, assessment } = await conversation.say(phrase);
    assert.ok(text.endsWith(` ${asked}`));
    assert.equal(conversation.asked, asked);
    assert.equal(assessment, undefined);
    assert.equal(placeIn(conversation.memory)?.memory.tries, 0);
  });
}

for (const phrase of ['next', "okay let's go on", 'skip', 'skip this one please']) {
  test(`"${phrase}" goes to the next sentence`, async () => {
    const conversation = await begun();
    const asked = conversation.asked;
    const { text, assessment } = await conversation.say(phrase);
    assert.notEqual(conversation.asked, asked);
    assert.ok(text.endsWith(` ${conversation.asked}`));
    assert.equal(assessment, undefined);
  });
}

test('"slower" and "faster" change the pace for good, within limits', async () => {
  const conversation = await begun('intermediate');
  const slower = await conversation.say('could you speak slower please');
  assert.ok((slower.rate ?? 1) < 1);
  assert.equal((await conversation.repeatPerfectly()).rate, slower.rate);
  for (let count = 0; count < 10; count += 1) await conversation.say('slower');
  const slowest = await conversation.say('slower');
  assert.ok((slowest.rate ?? 0) >= 0.5);
  assert.match(slowest.text, /as slow as/u);
  for (let count = 0; count < 10; count += 1) await conversation.say('a bit faster');
  const fastest = await conversation.say('faster');
  assert.ok((fastest.rate ?? 3) <= 2 && (fastest.rate ?? 0) > 1);
  assert.match(fastest.text, /as fast as/u);
});

test('"help" tells what can be said', async () => {
  const conversation = await begun();
  const asked = conversation.asked;
  const { text } = await conversation.say('help me please');
  for (const word of ['repeat', 'slower', 'next', 'stop']) assert.ok(text.includes(word));
  assert.ok(text.endsWith(asked));
});

for (const phrase of ['stop', 'please stop now', 'goodbye', 'okay bye bye', 'i have to go now']) {
  test(`"${phrase}" says goodbye with the score and ends the call`, async () => {
    const conversation = await begun();
    await conversation.repeatPerfectly();
    await conversation.repeatPerfectly();
    const { text, endsCall, types } = await conversation.say(phrase);
    assert.ok(endsCall);
    assert.equal(types.at(-1), 'end_call');
    assert.match(text, /2 sentences.*100 percent.*(Goodbye|next time)/su);
  });
}

test('a goodbye at once ends the call without a score', async () => {
  const { text, endsCall } = await reply({ heard: 'stop' });
  assert.ok(endsCall);
  assert.doesNotMatch(text, /percent/u);
});

test('who speaks into the goodbye goes on where they were', async () => {
  const conversation = await begun();
  await conversation.repeatPerfectly();
  const asked = conversation.asked;
  await conversation.say('stop');
  const { endsCall } = await conversation.say('no wait');
  assert.ok(!endsCall);
  assert.equal(conversation.asked, asked);
});

test('a whole lesson said perfectly: progress, varied praise, a summary, and the next lesson', async () => {
  const conversation = await begun();
  const lesson = lessonById(conversation.lesson);
  const texts: string[] = [];
  for (const sentence of lesson?.sentences ?? []) {
    assert.equal(conversation.asked, sentence);
    const answer = await conversation.repeatPerfectly();
    assert.equal(answer.assessment?.percent, 100);
    assert.ok(answer.text.length < 300);
    texts.push(answer.text);
  }
  const praises = new Set(texts.map((text) => /^[^.!?]+/u.exec(text)?.[0]));
  assert.ok(praises.size >= 4, 'praise is varied');
  assert.ok(texts.some((text) => /in a row/u.test(text)));
  assert.match(texts[4] ?? '', /five/u);
  assert.match(texts[8] ?? '', /the last one/u);
  const over = texts.at(-1) ?? '';
  assert.match(over, /10 sentences, all of them perfectly, and your score is 100 percent/u);
  assert.match(over, /At the café/u);
  assert.match(over, /\?$/u);
  const begin = await conversation.say('yes please');
  assert.equal(conversation.lesson, 'cafe');
  assert.ok(begin.text.endsWith(lessonById('cafe')?.sentences[0] ?? '?'));
});

test('a whole lesson said badly: three tries a sentence, to the end, and never an unkind word', async () => {
  const conversation = await begun('advanced');
  let answers = 0;
  let last: Answer | undefined;
  while (placeIn(conversation.memory)?.memory.phase === 'drill') {
    last = await conversation.say('purple elephants');
    answers += 1;
    assert.ok(answers <= 30, 'the lesson ends');
    assert.ok((last.assessment?.percent ?? 100) < 30);
    assert.doesNotMatch(last.text, /wrong|bad |fail|terrible/iu);
  }
  assert.equal(answers, 30);
  assert.match(last?.text ?? '', /10 sentences.*score is \d+ percent/su);
});

test('a lesson that was only skipped ends without a score', async () => {
  const conversation = await begun();
  let last: Answer | undefined;
  for (let count = 0; count < 10; count += 1) last = await conversation.say('next');
  assert.doesNotMatch(last?.text ?? '', /percent/u);
  assert.match(last?.text ?? '', /\?$/u);
});

test('the offer: no ends, again repeats the lesson, what is twice unclear goes on, silence is asked once more', async () => {
  const over = await begun();
  for (let count = 0; count < 10; count += 1) await over.repeatPerfectly();
  const at = (heard: string) => reply({ heard, memory: over.memory });

  assert.ok((await at('no thank you')).endsCall);
  assert.ok((await at('stop')).endsCall);
  assert.equal(placeIn((await at('again please')).memory)?.lesson.id, 'greetings');
  assert.equal(placeIn((await at('okay')).memory)?.lesson.id, 'cafe');
  assert.equal(placeIn((await at('next')).memory)?.lesson.id, 'cafe');

  const unclear = await at('purple elephants');
  assert.match(unclear.text, /At the café/u);
  assert.equal(placeIn(unclear.memory)?.memory.phase, 'between');
  const taken = await reply({ heard: 'purple elephants', memory: unclear.memory });
  assert.equal(placeIn(taken.memory)?.lesson.id, 'cafe');

  for (const quiet of [await at(''), await reply({ occasion: 'away', memory: over.memory })]) {
    assert.match(quiet.text, /stop/u);
    assert.equal(placeIn(quiet.memory)?.memory.phase, 'between');
  }
});

test('every lesson is reached by asking for another', async () => {
  const conversation = await begun();
  const seen = new Set([conversation.lesson]);
  for (let count = 1; count < LESSONS.length; count += 1) {
    const { text } = await conversation.say('next lesson please');
    const lesson = lessonById(conversation.lesson);
    assert.ok(text.includes(lesson?.title ?? '?') && text.endsWith(lesson?.sentences[0] ?? '?'));
    seen.add(conversation.lesson);
  }
  assert.equal(seen.size, LESSONS.length);
});

test('every sentence of every lesson, said perfectly, is an attempt and perfect', async () => {
  const fresh = (await reply({ occasion: 'greeting' })).memory;
  for (const lesson of LESSONS) {
    for (const [sentence, expected] of lesson.sentences.entries()) {
      const memory = { ...fresh, lesson: lesson.id, sentence };
      const { assessment, endsCall } = await reply({ heard: expected.toUpperCase(), memory, level: lesson.level });
      assert.equal(assessment?.percent, 100, expected);
      assert.ok(!endsCall);
    }
  }
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
