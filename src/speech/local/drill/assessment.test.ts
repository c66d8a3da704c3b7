import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fc } from '../../../testing/properties.ts';

import { assess } from './assessment.ts';
import { wordsOf } from './words.ts';

/**
 * Marks in short: `word` right, `-word` missing, `+word` extra, `word/heard` wrong.
 */
function marksOf(expected: string, heard: string): string {
  return assess(expected, heard)
    .words.map(({ text, mark, heard: instead }) => {
      if (mark === 'right') return text;
      if (mark === 'missing') return `-${text}`;
      return mark === 'extra' ? `+${text}` : `${text}/${instead ?? '?'}`;
    })
    .join(' ');
}

const table: readonly (readonly [what: string, expected: string, heard: string, marks: string, percent: number])[] = [
  ['a perfect repetition', 'Where are you from?', 'where are you from', 'Where are you from', 100],
  ['case and punctuation', 'Yes, I do!', 'YES i DO', 'Yes I do', 100],
  ['a written answer', 'Where are you from?', 'Where are you from?', 'Where are you from', 100],
  ['nothing', 'Where are you from?', '', '-Where -are -you -from', 0],
  ['only punctuation', 'Where are you?', '... !?', '-Where -are -you', 0],
  ['everything wrong', 'Where are you?', 'blue green lamp', 'Where/blue are/green you/lamp', 0],
  ['a missing first word', 'Where are you from?', 'are you from', '-Where are you from', 75],
  ['a missing last word', 'Where are you from?', 'where are you', 'Where are you -from', 75],
  ['a missing middle word', 'I am very well', 'i am well', 'I am -very well', 75],
  ['a wrong word', 'I like the blue shirt', 'i like the blue shared', 'I like the blue shirt/shared', 80],
  ['extra words before', 'I like tea', 'well you know i like tea', '+well +you +know I like tea', 100],
  ['extra words after', 'I like tea', 'i like tea with milk', 'I like tea +with +milk', 100],
  ['an extra word inside', 'I like tea', 'i really like tea', 'I +really like tea', 100],
  ['a stutter', 'I like tea', 'i i like tea', '+i I like tea', 100],
  ['hesitation', 'I like tea', 'um i uh like er tea hmm', 'I like tea', 100],
  ['a hesitation that was asked for', 'Um, yes', 'um yes', 'Um yes', 100],
  ['a repeated word said twice', 'very very good', 'very very good', 'very very good', 100],
  ['a repeated word said once', 'very very good', 'very good', '-very very good', 67],
  ['repeated pairs', 'the more the less', 'the less', '-the -more the less', 50],
  ['a word that comes again later', 'you and you', 'and you', '-you and you', 67],
  ['words in another order', 'tea or coffee', 'coffee or tea', 'tea/coffee or coffee/tea', 33],
  ['said twice from the start', 'how are you', 'how are how are you', '+how +are how are you', 100],
  ["I'm for I am", 'I am fine', "i'm fine", 'I am fine', 100],
  ["I am for I'm", "I'm fine", 'i am fine', "I'm fine", 100],
  ["he's for he has", 'He has been there', "he's been there", 'He has been there', 100],
  ["he's for he is", 'He is there', "he's there", 'He is there', 100],
  ["we'd: we would", "We'd like tea", 'we would like tea', "We'd like tea", 100],
  ["we'd: we had", "We'd better go", 'we had better go', "We'd better go", 100],
  ["can't, cannot", "I can't swim", 'i cannot swim', "I can't swim", 100],
  ["can't, can not", "I can't swim", 'i can not swim', "I can't swim", 100],
  ["can't is not can", "I can't swim", 'i can swim', "I can't/can swim", 67],
  ["won't, will not", "It won't work", 'it will not work', "It won't work", 100],
  ["let's, let us", "Let's go", 'let us go', "Let's go", 100],
  ['a curly apostrophe', 'I’m fine', "i'm fine", 'I’m fine', 100],
  ['a contraction half heard', "I'm fine", 'i fine', "I'm/i fine", 50],
  ['a contraction without apostrophe', "I don't know", 'i dont know', "I don't know", 100],
  ['gonna', 'I am going to stay', 'i am gonna stay', 'I am going to stay', 100],
  ['digits for a word', 'at seven', 'at 7', 'at seven', 100],
  ['a word for digits', 'at 7', 'at seven', 'at 7', 100],
  ['digits for two words', 'twenty five people', '25 people', 'twenty five people', 100],
  ['a hyphen', 'twenty-five people', 'twenty five people', 'twenty five people', 100],
  ['hundreds', 'one hundred and twenty five', '125', 'one hundred and twenty five', 100],
  ['a year', 'in nineteen ninety nine', 'in 1999', 'in nineteen ninety nine', 100],
  ['a time', 'at nine thirty', 'at 9:30', 'at nine thirty', 100],
  ['a price', 'It costs five dollars', 'it costs $5', 'It costs five dollars', 100],
  ['percent', 'ten percent', '10%', 'ten percent', 100],
  ['a thousand', 'one thousand people', '1,000 people', 'one thousand people', 100],
  ['an ordinal', 'the twenty first', 'the 21st', 'the twenty first', 100],
  ['another number', 'twenty five', '24', '-twenty five/24', 0],
  ['a for the', 'I have a car', 'i have the car', 'I have a car', 100],
  ['an for a', 'a apple', 'an apple', 'a apple', 100],
  ['a missing article', 'I have a car', 'i have car', 'I have -a car', 75],
  ['a is not I', 'I go', 'a go', 'I/a go', 50],
  ['homophones: to, two, too', 'two tickets to London', 'to tickets too london', 'two tickets to London', 100],
  ['homophones: know', 'I know', 'i no', 'I know', 100],
  ['homophones: names', 'The city of London', 'the citi of lunden', 'The city of London', 100],
  ["homophones: its and it's", "It's not much", 'its not much', "It's not much", 100],
  ['homophones: your', 'Your table', "you're table", 'Your table', 100],
  ['British spelling', 'the theater', 'the theatre', 'the theater', 100],
  ['an accent', 'the café', 'the cafe', 'the café', 100],
  ['compounds written apart', 'every day', 'everyday', 'every day', 100],
  ['compounds written together', 'breakfast', 'break fast', 'breakfast', 100],
  ['abbreviations', 'at ten p.m.', 'at ten pm', 'at ten p.m.', 100],
  ['the nearest word stands for the wrong one', 'hot coffee', 'copy', '-hot coffee/copy', 0],
  ['another script', 'I like tea', 'я люблю чай', 'I/я like/люблю tea/чай', 0],
  ['emoji and control characters', 'I like tea', '🙂 i \u0000like\u0007 tea ☕', 'I like tea', 100],
  ['nothing expected', '', 'hello', '+hello', 100],
];

for (const [what, expected, heard, marks, percent] of table) {
  test(`assesses ${what}`, () => {
    assert.equal(marksOf(expected, heard), marks);
    assert.equal(assess(expected, heard).percent, percent);
  });
}

test('keeps the sentence as it was asked', () => {
  assert.equal(assess('Where are you?', 'here').expected, 'Where are you?');
});

test('bounds the work on endless speech', () => {
  const { words, percent } = assess('I like tea', `i like tea ${'and cake '.repeat(50_000)}`);
  assert.equal(percent, 100);
  assert.ok(words.length < 200);
});

const lessonWord = fc.constantFrom(
  "I'm",
  'you',
  'the',
  'very',
  'two',
  'to',
  'too',
  '25',
  'do',
  "don't",
  'can',
  'not',
  'a',
  "it's",
  'is',
  'Café',
  'ice',
  'cream',
);
const spoken = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(lessonWord, { maxLength: 30 }).map((words) => words.join(' ')),
);

test('marks every expected word once and in order, whatever was heard', () => {
  fc.assert(
    fc.property(spoken, spoken, (expected, heard) => {
      const { words, percent } = assess(expected, heard);
      const expectedWords = words.filter(({ mark }) => mark !== 'extra').map(({ text }) => text);
      assert.deepEqual(
        expectedWords,
        wordsOf(expected).map(({ text }) => text),
      );
      assert.ok(Number.isInteger(percent) && percent >= 0 && percent <= 100);
      assert.equal(
        percent === 100,
        words.every(({ mark }) => mark === 'right' || mark === 'extra'),
      );
      for (const word of words) assert.equal(word.heard !== undefined, word.mark === 'wrong');
    }),
    { numRuns: 500 },
  );
});

test('calls a perfect repetition perfect, also without case and punctuation', () => {
  fc.assert(
    fc.property(spoken, (expected) => {
      for (const heard of [
        expected,
        wordsOf(expected)
          .map(({ plain }) => plain)
          .join(' '),
      ]) {
        const { words, percent } = assess(expected, heard);
        assert.equal(percent, 100);
        assert.ok(words.every(({ mark }) => mark === 'right'));
      }
    }),
    { numRuns: 500 },
  );
});

test('finds the sentence inside other words', () => {
  fc.assert(
    fc.property(
      fc.array(lessonWord, { minLength: 1, maxLength: 10 }),
      fc.array(fc.constantFrom('zebra', 'purple'), { maxLength: 5 }),
      fc.array(fc.constantFrom('zebra', 'purple'), { maxLength: 5 }),
      (sentence, before, after) => {
        const { words, percent } = assess(sentence.join(' '), [...before, ...sentence, ...after].join(' '));
        assert.equal(percent, 100);
        assert.equal(words.filter(({ mark }) => mark === 'extra').length, before.length + after.length);
      },
    ),
  );
});
