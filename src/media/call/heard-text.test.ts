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
});
