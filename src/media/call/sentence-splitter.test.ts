import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fc } from '../../testing/properties.ts';
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
  ['Well… let me think... Yes.', ['Well… let me think...', 'Yes.']],
  ['Wait… What is it?', ['Wait…', 'What is it?']],
  ['She said "Stop!" and left. Yes.', ['She said "Stop!" and left.', 'Yes.']],
  ['He asked: “Why?” I said no.', ['He asked: “Why?”', 'I said no.']],
  ['Really?! Yes! No…', ['Really?!', 'Yes!', 'No…']],
  ['It is 5.30 p.m. It is late.', ['It is 5.30 p.m.', 'It is late.']],
  ['He lives in the U.S. now. She does not.', ['He lives in the U.S. now.', 'She does not.']],
  ['He lives in the U.S. She does not.', ['He lives in the U.S.', 'She does not.']],
  ['Pens, books, etc. are here. Take them, etc. Good.', ['Pens, books, etc. are here.', 'Take them, etc.', 'Good.']],
  ['See no. 5 here. No. I do not.', ['See no. 5 here.', 'No.', 'I do not.']],
  ['1. Sit down. 2. Stand up.', ['1. Sit down.', '2. Stand up.']],
  ['I have 5. You have 6.', ['I have 5.', 'You have 6.']],
  ['Version 2.0 costs $1,000.50 now. Wow.', ['Version 2.0 costs $1,000.50 now.', 'Wow.']],
  ['Go to example.com today. Thanks.', ['Go to example.com today.', 'Thanks.']],
  ['Prof. A. B. Smith Jr. came. So did Mrs. Lee.', ['Prof. A. B. Smith Jr. came.', 'So did Mrs. Lee.']],
  ['(It is true.) Good.', ['(It is true.)', 'Good.']],
  ['It is 20 °C. Warm.', ['It is 20 °C. Warm.']],
  ['Hi.\n\nHow are you?', ['Hi.', 'How are you?']],
  ['At 5 p.m.', ['At 5 p.m.']],
  ['J. K. Rowling wrote it. So did I. You too.', ['J. K. Rowling wrote it.', 'So did I.', 'You too.']],
  ['No end mark', ['No end mark']],
  ['One\nTwo', ['One', 'Two']],
  ['... !!! ', []],
  ['Я живу на ул. Ленина, д. 5. А ты?', ['Я живу на ул. Ленина, д. 5.', 'А ты?'], 'ru'],
  ['А. С. Пушкин родился в 1799 г. в Москве. Да.', ['А. С. Пушкин родился в 1799 г. в Москве.', 'Да.'], 'ru'],
  ['«Привет!» — сказал он. Потом ушёл.', ['«Привет!» — сказал он.', 'Потом ушёл.'], 'ru'],
  ['Он сказал: «Да». Потом ушёл.', ['Он сказал: «Да».', 'Потом ушёл.'], 'ru'],
  ['Это было в 1799 г. Потом он уехал.', ['Это было в 1799 г.', 'Потом он уехал.'], 'ru'],
  ['Я живу в г. Москве. А ты?', ['Я живу в г. Москве.', 'А ты?'], 'ru'],
  [
    'Хлеб, молоко и т.д. стоят 100 руб. 50 коп. Дорого!',
    ['Хлеб, молоко и т.д. стоят 100 руб. 50 коп.', 'Дорого!'],
    'ru',
  ],
  ['Число 3,14 известно всем. Да.', ['Число 3,14 известно всем.', 'Да.'], 'ru'],
  ['Ну… не знаю. Ладно…', ['Ну… не знаю.', 'Ладно…'], 'ru'],
  ['— Привет! — Здравствуй. Как дела?', ['— Привет!', '— Здравствуй.', 'Как дела?'], 'ru'],
  ['В Москве 12 млн. жителей, т.е. много. Правда?', ['В Москве 12 млн. жителей,', 'т.е. много.', 'Правда?'], 'ru'],
  [
    'Если ты готов к следующему, повторяй за мной, пожалуйста. Ну, начали.',
    ['Если ты готов к следующему,', 'повторяй за мной, пожалуйста.', 'Ну, начали.'],
    'ru',
  ],
  ['Отлично, а теперь ещё раз.', ['Отлично, а теперь ещё раз.'], 'ru'],
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

  it('gives the first clause before its sentence is whole, and later ones only with it', () => {
    const splitter = new SentenceSplitter('ru');
    assert.deepEqual(splitter.push('Если ты готов к следующему, повторяй'), ['Если ты готов к следующему,']);
    assert.deepEqual(splitter.push(' за мной, когда я скажу, хорошо? А'), ['повторяй за мной, когда я скажу, хорошо?']);
    assert.deepEqual(splitter.push(' теперь слушай внимательно, потому что'), []);
    assert.deepEqual(splitter.flush(), ['А теперь слушай внимательно, потому что']);
  });

  it('splits the same however the stream is cut, and loses no letter', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            'Hello',
            'Mr',
            'e.g',
            'p.m',
            '3.14',
            'Да',
            'да',
            'J',
            '7',
            ' ',
            '. ',
            '? ',
            ', ',
            '… ',
            '"',
            '» ',
            '— ',
            '\n',
          ),
          {
            maxLength: 40,
          },
        ),
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
