import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SentenceSplitter } from './sentence-splitter.ts';

function split(text: string, language: 'en' | 'ru' = 'en', pieceLength = 1): string[] {
  const splitter = new SentenceSplitter(language);
  const sentences: string[] = [];
  for (let at = 0; at < text.length; at += pieceLength)
    sentences.push(...splitter.push(text.slice(at, at + pieceLength)));
  return [...sentences, ...splitter.flush()];
}

const cases: readonly [text: string, sentences: string[], language?: 'en' | 'ru'][] = [
  ['Hello. How are you? Fine!', ['Hello.', 'How are you?', 'Fine!']],
  ['It costs 3.14 dollars. Cheap.', ['It costs 3.14 dollars.', 'Cheap.']],
  ['Dr. Smith met Mr. Jones. They talked.', ['Dr. Smith met Mr. Jones.', 'They talked.']],
  ['See you at 5 p.m. tomorrow. Bye.', ['See you at 5 p.m. tomorrow.', 'Bye.']],
  ['Take fruit, e.g. apples. Good.', ['Take fruit, e.g. apples.', 'Good.']],
  ['She said "Stop!" Then she left.', ['She said "Stop!"', 'Then she left.']],
  ['Well… let me think... Yes.', ['Well…', 'let me think...', 'Yes.']],
  ['J. K. Rowling wrote it. So did I. You too.', ['J. K. Rowling wrote it.', 'So did I.', 'You too.']],
  ['No end mark', ['No end mark']],
  ['One\nTwo', ['One', 'Two']],
  ['... !!! ', []],
  ['Я живу на ул. Ленина, д. 5. А ты?', ['Я живу на ул. Ленина, д. 5.', 'А ты?'], 'ru'],
  ['А. С. Пушкин родился в 1799 г. в Москве. Да.', ['А. С. Пушкин родился в 1799 г. в Москве.', 'Да.'], 'ru'],
  ['«Привет!» — сказал он. Потом ушёл.', ['«Привет!»', '— сказал он.', 'Потом ушёл.'], 'ru'],
  [
    'If you are ready for the next one, then repeat after me, please. Well, go.',
    ['If you are ready for the next one,', 'then repeat after me, please.', 'Well, go.'],
  ],
];

describe('SentenceSplitter', () => {
  for (const [text, sentences, language] of cases) {
    it(`splits ${JSON.stringify(text)}`, () => assert.deepEqual(split(text, language), sentences));
  }

  it('gives a sentence as soon as what follows proves it whole', () => {
    const splitter = new SentenceSplitter('en');
    assert.deepEqual(splitter.push('Hello there.'), []);
    assert.deepEqual(splitter.push(' '), ['Hello there.']);
  });

  it('splits the same however the stream is cut, and loses no letter', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('Hello', 'Mr', 'e.g', '3.14', 'Да', ' ', '. ', '? ', ', ', '… ', '"', '\n'), {
          maxLength: 40,
        }),
        fc.integer({ min: 1, max: 9 }),
        (parts, pieceLength) => {
          const text = parts.join('');
          const whole = split(text, 'en', Math.max(1, text.length));
          assert.deepEqual(split(text, 'en', pieceLength), whole);
          const letters = (value: string) => value.replaceAll(/[^\p{L}\p{N}]/gu, '');
          assert.equal(letters(whole.join('')), letters(text));
        },
      ),
      { numRuns: 300 },
    );
  });
});
