import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lessonById, LESSONS } from './drill/lessons.ts';
import { placeIn } from './drill/memory.ts';
import { type Answer, begun, reply } from './drill/practice-call.ts';

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
