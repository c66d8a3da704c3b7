import { assess } from '../../src/speech/local/drill/assessment.ts';

export interface SentenceErrors {
  readonly words: number;
  readonly errors: number;
}

/** Wrong, missing and extra words, as a lesson counts them: spelling and contractions do not matter. */
export function errorsIn(expected: string, heard: string): SentenceErrors {
  const { words } = assess(expected, heard);
  const errors = words.filter(({ mark }) => mark !== 'right').length;
  return { words: words.filter(({ mark }) => mark !== 'extra').length, errors };
}

/** Word error rate of all sentences together, in percent. */
export function wordErrorRate(sentences: readonly SentenceErrors[]): number {
  const words = sentences.reduce((sum, sentence) => sum + sentence.words, 0);
  return (100 * sentences.reduce((sum, sentence) => sum + sentence.errors, 0)) / words;
}

/** The standard error, in points, of the difference between two runs over the same sentences: from the pairs' spread. */
export function standardError(one: readonly SentenceErrors[], other: readonly SentenceErrors[]): number {
  const differences = one.map(({ errors }, index) => errors - (other[index]?.errors ?? 0));
  const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
  const squares = differences.reduce((sum, difference) => sum + (difference - mean) ** 2, 0);
  const words = one.reduce((sum, sentence) => sum + sentence.words, 0);
  return (100 * Math.sqrt(squares)) / words;
}
