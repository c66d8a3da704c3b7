import assert from 'node:assert/strict';
import { it } from 'node:test';
import { differences } from './diff.ts';

const marked = (before: string, after: string): string =>
  differences(before, after)
    .map(({ kind, text }) => (kind === 'same' ? text : kind === 'gone' ? `[-${text}-]` : `{+${text}+}`))
    .join('');

it('tells what of a wording went and what came, word by word', () => {
  assert.equal(marked('Talk of tea.', 'Talk of tea.'), 'Talk of tea.');
  assert.equal(marked('Talk of tea, please.', 'Talk of milk, please.'), 'Talk of [-tea,-]{+milk,+} please.');
  assert.equal(marked('Talk.', 'Talk. Then listen.'), 'Talk.{+ Then listen.+}');
  assert.equal(marked('one two three', 'two three four'), '[-one -]two three{+ four+}');
  assert.equal(marked('', 'new'), '{+new+}');
  assert.equal(marked('old', ''), '[-old-]');
});

it('holds both wordings whole, also where they are too long to compare', () => {
  const text = (seed: number): string => Array.from({ length: 4_000 }, (_, at) => (at * seed) % 997).join(' ');
  const [before, after] = [text(7), text(13)];
  const pieces = differences(before, after);
  const without = (kind: string): string =>
    pieces.flatMap((piece) => (piece.kind === kind ? [] : [piece.text])).join('');
  assert.equal(without('new'), before);
  assert.equal(without('gone'), after);
});
