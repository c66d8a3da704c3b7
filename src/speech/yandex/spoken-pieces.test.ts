import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { fc } from '../../testing/properties.ts';

import { maxCharacters, speakable, splitIntoPieces } from './spoken-pieces.ts';

describe('a text in pieces', () => {
  test('is parted at ends of sentences, then of clauses, then between words', () => {
    assert.deepEqual(splitIntoPieces('Раз два три. Четыре, пять шесть.', 20), ['Раз два три.', 'Четыре, пять шесть.']);
    assert.deepEqual(splitIntoPieces('one two three, four five six', 20), ['one two three,', 'four five six']);
    assert.deepEqual(splitIntoPieces('one two three four', 10), ['one two', 'three four']);
    assert.deepEqual(splitIntoPieces('He said: “Go home!” And I went.', 24), ['He said: “Go home!”', 'And I went.']);
    assert.deepEqual(splitIntoPieces('Ах. Это очень длинное предложение', 24), [
      'Ах. Это очень длинное',
      'предложение',
    ]);
  });

  test('fits, and loses nothing but white space, whatever the text', () => {
    const words = fc.array(
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('.', ', ', ' — ', '!» ', 'слово ')),
    );
    fc.assert(
      fc.property(words, fc.integer({ min: 8, max: 60 }), (parts, most) => {
        const text = parts.join('').toWellFormed();
        const pieces = splitIntoPieces(text, most);
        assert.ok(pieces.every((piece) => piece.length <= most && piece !== '' && piece.isWellFormed()));
        assert.equal(pieces.join('').replaceAll(/\s+/gu, ''), text.replaceAll(/\s+/gu, ''));
      }),
    );
  });

  test('stays within 250 characters, and at a slow pace within 24 s', () => {
    assert.equal(maxCharacters(1), 250);
    assert.equal(maxCharacters(2), 250);
    assert.equal(maxCharacters(0.5), 132);
  });
});

test('what is spoken has no markup, no halves of characters, and something to say', () => {
  assert.equal(speakable('**Привет**, [[h@"loU]] <[200]> мир\u0001'), 'Привет , h@"loU 200 мир');
  assert.equal(speakable('a\ud800b'), 'a\ufffdb');
  assert.equal(speakable('… — !? 👋'), '');
});
