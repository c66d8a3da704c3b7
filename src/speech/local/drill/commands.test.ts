import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fc } from '../../../testing/properties.ts';

import type { Command } from './command-words.ts';
import { commandIn } from './commands.ts';
import { LESSONS } from './lessons.ts';

const phrasings: Readonly<Record<Command, readonly string[]>> = {
  repeat: [
    'repeat',
    'Repeat, please!',
    'can you repeat that please',
    'could you please say it again',
    'again',
    'once more',
    'one more time please',
    'sorry',
    'pardon',
    'i beg your pardon',
    "sorry i didn't hear that",
    "i don't understand",
    'what did you say',
    'please say the sentence again',
  ],
  next: [
    'next',
    'next please',
    'next sentence please',
    'the next one',
    "okay let's go on",
    'can we move on please',
    'continue',
    'go on',
    'i would like to continue',
    "don't stop",
    'please give me another sentence',
  ],
  skip: [
    'skip',
    'skip it please',
    "let's skip this one",
    'i want to skip that sentence',
    'pass',
    "it's too hard for me",
    'that is too difficult',
  ],
  next_lesson: [
    'next lesson',
    'another lesson please',
    'can we do the next lesson',
    "let's change the topic",
    'i would like something else',
    'a different lesson please',
  ],
  slower: [
    'slower',
    'slower please',
    'a little slower please',
    'could you speak more slowly please',
    'slow down',
    'please say that again slowly',
    "that's too fast for me",
    'not so fast please',
    'you speak too fast',
  ],
  faster: [
    'faster',
    'a bit faster please',
    'can you speak faster',
    'speed up please',
    "it's too slow",
    'more quickly please',
  ],
  stop: [
    'stop',
    'stop please',
    'please stop now',
    "let's stop here",
    'i want to stop',
    'goodbye',
    'good bye',
    'okay goodbye thank you',
    'bye',
    'bye bye',
    "that's all for today",
    'finish',
    "let's finish the lesson",
    'sorry i have to go now',
    "i'm tired",
    'i need to stop',
    'see you later',
  ],
  help: [
    'help',
    'help me please',
    'what can i say',
    'how does this work',
    'what should i do now',
    'can you please help me',
  ],
  yes: ['yes', 'yes please', 'yeah sure', 'okay', 'OK', 'of course', "i'm ready", 'all right', 'thank you'],
  no: ['no', 'no thank you', 'not now', 'no not today thanks'],
  hello: ['hello', 'hi', 'hello tutor', 'good morning', 'hey there'],
};

for (const [command, texts] of Object.entries(phrasings)) {
  for (const text of texts) {
    test(`takes "${text}" for ${command}`, () => assert.equal(commandIn(text, 'Where are you from?'), command));
  }
}

for (const text of [
  '',
  '...',
  'the bus stops here',
  'the next train leaves at nine',
  'i stopped smoking',
  'my brother helps me with the car',
  'at the end of the meeting',
  'the end',
  "please don't stop",
  'a slow train',
  'she is faster than her brother',
  'no parking',
  'i like green tea',
  'please please please please please please please please please please please please stop',
  'стоп',
]) {
  test(`takes "${text}" for no command`, () => assert.equal(commandIn(text, ''), undefined));
}

test('takes the words of the asked sentence for practice', () => {
  assert.equal(commandIn('repeat that please', 'Could you repeat that, please?'), undefined);
  assert.equal(commandIn('repeat', 'Could you repeat that, please?'), undefined);
  assert.equal(commandIn('say it again', 'Could you repeat that, please?'), 'repeat');
  assert.equal(commandIn('good morning', 'Good morning, how are you?'), undefined);
});

test('takes no lesson sentence, and no part of one, for a command while it is practised', () => {
  for (const sentence of LESSONS.flatMap(({ sentences }) => sentences)) {
    const words = sentence
      .toLowerCase()
      .replace(/[.,!?]/gu, '')
      .split(' ');
    for (let start = 0; start < words.length; start += 1) {
      for (let end = start + 1; end <= words.length; end += 1) {
        const part = words.slice(start, end).join(' ');
        assert.equal(commandIn(part, sentence), undefined, `"${part}" of "${sentence}"`);
      }
    }
  }
});

test('obeys its most important words at every sentence', () => {
  for (const sentence of LESSONS.flatMap(({ sentences }) => sentences)) {
    for (const command of ['stop', 'next', 'repeat', 'slower', 'faster', 'skip', 'help'] as const) {
      assert.equal(commandIn(command, sentence), command, sentence);
    }
    assert.equal(commandIn('goodbye', sentence), 'stop', sentence);
    assert.equal(commandIn('next lesson', sentence), 'next_lesson', sentence);
  }
});

test('survives any input', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string(), (heard, asked) => void commandIn(heard, asked)));
});
