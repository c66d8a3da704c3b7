import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caption } from '../../../src/media/protocol.ts';
import { putCaption, scoreWords, splitHeard } from './captions.ts';

const caption = (turn: number, text: string): Caption => ({ turn, speaker: 'learner', text, final: false });
const texts = (captions: readonly Caption[]): string[] => captions.map(({ text }) => text);

test('captions stand in the order of their turns, whatever the order they come in', () => {
  let captions: readonly Caption[] = [];
  for (const turn of [2, 0, 3, 1]) captions = putCaption(captions, caption(turn, `turn ${turn}`));
  assert.deepEqual(texts(captions), ['turn 0', 'turn 1', 'turn 2', 'turn 3']);
});

test('the same turn again replaces its caption and leaves the old list alone', () => {
  const before = putCaption(putCaption([], caption(0, 'I wou')), caption(1, 'other'));
  const after = putCaption(before, caption(0, 'I would'));
  assert.deepEqual(texts(after), ['I would', 'other']);
  assert.deepEqual(texts(before), ['I wou', 'other']);
});

test('a tutor text is cut where it was heard, and the space goes with the heard part', () => {
  assert.deepEqual(splitHeard({ text: 'Very good. Next', heard_length: 10 }), {
    heard: 'Very good. ',
    unheard: 'Next',
  });
});

test('a text without a heard length counts as heard, and a wrong length is kept within it', () => {
  assert.deepEqual(splitHeard({ text: 'Hi' }), { heard: 'Hi', unheard: '' });
  assert.deepEqual(splitHeard({ text: 'Hi', heard_length: 99 }), { heard: 'Hi', unheard: '' });
  assert.deepEqual(splitHeard({ text: 'Hi', heard_length: -1 }), { heard: '', unheard: 'Hi' });
});

test('extra words were not asked for', () => {
  const marks = ['right', 'wrong', 'missing', 'extra', 'right'] as const;
  assert.deepEqual(scoreWords(marks.map((mark) => ({ mark }))), { right: 2, asked: 4 });
});
