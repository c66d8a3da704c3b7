import type { AssessedWord, Assessment } from '../../engine.ts';
import { alignWords } from './alignment.ts';
import { wordsOf } from './words.ts';

/** Hesitations that nobody is to be told of. */
const FILLERS: ReadonlySet<string> = new Set(['um', 'umm', 'uh', 'uhh', 'er', 'erm', 'hm', 'hmm', 'mm', 'mhm', 'ah']);

/**
 * Compares a sentence with what was heard of it, word by word. Both may be any text: case, punctuation and the
 * spelling of contractions and numbers do not matter. Every word of `expected` appears once, in order, as right, wrong
 * or missing; what was said beside it appears as extra, where it was said.
 */
export function assess(expected: string, heard: string): Assessment {
  const asked = wordsOf(expected);
  const known = new Set(asked.map(({ plain }) => plain));
  const said = wordsOf(heard).filter(({ plain }) => known.has(plain) || !FILLERS.has(plain));
  // What goes on far beyond the sentence is not an attempt at it; the bound keeps the table small.
  const words = alignWords(asked, said.slice(0, 3 * asked.length + MOST_WORDS_BESIDE));
  return { expected, words, percent: percentRight(words) };
}

const MOST_WORDS_BESIDE = 100;

/** Whole percent of the expected words; 100 only when every one is right. Nothing expected is nothing missed. */
function percentRight(words: readonly AssessedWord[]): number {
  const expected = words.filter(({ mark }) => mark !== 'extra');
  const right = expected.filter(({ mark }) => mark === 'right').length;
  if (right === expected.length) return 100;
  return Math.min(99, Math.round((100 * right) / expected.length));
}
