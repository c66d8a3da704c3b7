import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heardText, type SpokenSentence } from './heard-text.ts';

const sentence = (text: string, playedMs: number, extra: Partial<SpokenSentence> = {}): SpokenSentence => ({
  text,
  soundMs: 2_000,
  complete: true,
  playedMs,
  wordStarts: [],
  ...extra,
});

describe('heardText', () => {
  it('keeps whole sentences that were played and nothing of those that were not', () => {
    assert.equal(heardText([sentence('Hello there.', 2_000), sentence('How are you?', 0)]), 'Hello there.');
  });

  it('takes a sentence without its last milliseconds for heard', () => {
    assert.equal(heardText([sentence('Hello there.', 1_950)]), 'Hello there.');
  });

  it('cuts at a word by the share of the sound', () => {
    assert.equal(heardText([sentence('one two three four', 1_000)]), 'one two');
    assert.equal(heardText([sentence('one two three four', 1_300)]), 'one two three');
  });

  it('cuts by word times where the engine gives them', () => {
    const wordStarts = [
      { offset: 0, startMs: 0 },
      { offset: 4, startMs: 100 },
      { offset: 8, startMs: 1_500 },
    ];
    assert.equal(heardText([sentence('one two three', 1_000, { wordStarts })]), 'one two');
  });

  it('does not take the beginning of a sound that is still being made for its end', () => {
    const text = 'a sentence of which only a little has been synthesized so far';
    assert.equal(heardText([sentence(text, 400, { complete: false, soundMs: 400 })]), 'a sentence');
  });

  it('is empty before the first sound', () => {
    assert.equal(heardText([]), '');
    assert.equal(heardText([sentence('Hello.', 0)]), '');
  });

  describe('by word times', () => {
    // "Привет, как твои дела?": the words begin at 0, 8, 12 and 17.
    const text = 'Привет, как твои дела?';
    const wordStarts = [
      { offset: 0, startMs: 0 },
      { offset: 8, startMs: 600 },
      { offset: 12, startMs: 900 },
      { offset: 17, startMs: 1_300 },
    ];
    const heardAt = (playedMs: number, extra: Partial<SpokenSentence> = {}) =>
      heardText([sentence(text, playedMs, { wordStarts, ...extra })]);

    it('keeps a word once it has been said to its half, its punctuation with it', () => {
      assert.equal(heardAt(200), '');
      assert.equal(heardAt(400), 'Привет,');
      assert.equal(heardAt(600), 'Привет,');
      assert.equal(heardAt(1_000), 'Привет, как');
      assert.equal(heardAt(1_290), 'Привет, как твои');
    });

    it('lets the last word last to the end of the sound', () => {
      assert.equal(heardAt(1_400), 'Привет, как твои');
      assert.equal(heardAt(1_800), text);
    });

    it('knows no more of an unfinished sound than of its words so far', () => {
      const some = wordStarts.slice(0, 2);
      assert.equal(heardAt(700, { wordStarts: some, complete: false, soundMs: 1_000 }), 'Привет,');
    });

    it('bears word times that begin late or stand past the sound', () => {
      assert.equal(heardText([sentence('one two', 100, { wordStarts: [{ offset: 0, startMs: 400 }] })]), '');
      assert.equal(heardText([sentence('one two', 500, { wordStarts: [{ offset: 4, startMs: 5_000 }] })]), 'one');
    });

    it('joins whole sentences and the one that was cut', () => {
      const sentences = [sentence('Good morning.', 2_000), sentence(text, 1_000, { wordStarts })];
      assert.equal(heardText(sentences), 'Good morning. Привет, как');
    });
  });
});
