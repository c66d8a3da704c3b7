import type { Assessment } from '../../engine.ts';
import { averagePercent, type Score } from './memory.ts';
import { fill, inTurn, PHRASES } from './phrases.ts';

/** The tutor's remarks on how it went, made from the marks and the score. */

const MOST_WORDS_TO_MIND = 2;

const NEARLY_PERFECT_PERCENT = 85;

/** Small words carry no sound worth a remark, unless nothing else went wrong. */
const SMALL = 3;

/** "words “would” and “coffee”": what to listen for; `undefined` when everything, or nothing, was wrong. */
export function wordsToMind({ words }: Assessment): string | undefined {
  const expected = words.filter(({ mark }) => mark !== 'extra');
  const missed = [...new Set(expected.filter(({ mark }) => mark !== 'right').map(({ text }) => text))];
  if (missed.length === 0 || expected.every(({ mark }) => mark !== 'right')) return undefined;
  const telling = missed.filter((text) => text.length > SMALL);
  const named = (telling.length > 0 ? telling : missed).slice(0, MOST_WORDS_TO_MIND).map((text) => `"${text}"`);
  return `${named.length > 1 ? 'words' : 'word'} ${named.join(' and ')}`;
}

/** Praise for a sentence that was said well enough to go on. */
export function praise(
  assessment: Assessment,
  after: { readonly tries: number; readonly streak: number; readonly turn: number },
) {
  const { tries, streak, turn } = after;
  if (assessment.percent < 100) {
    const words = wordsToMind(assessment);
    const ways = assessment.percent < NEARLY_PERFECT_PERCENT ? PHRASES.fair : PHRASES.good;
    return [inTurn(ways, turn), ...(words ? [fill(inTurn(PHRASES.mind, turn), { words })] : [])];
  }
  if (tries > 0) return [inTurn(PHRASES.perfectAtLast, turn)];
  const perfect = inTurn(PHRASES.perfect, turn);
  if (streak < 3 || streak % 3 !== 0) return [perfect];
  return [perfect, fill(inTurn(PHRASES.streak, turn), { count: inWords(streak) })];
}

/** What to say about a lesson at its end. */
export function lessonSummary(score: Score): string[] {
  const average = averagePercent(score);
  if (average === undefined) return ['You listened to all of it. Next time, say the sentences with me.'];
  return [
    `You said ${sentences(score.said)}, ${perfectOnes(score)}, and your score is ${average} percent.`,
    verdict(average),
  ];
}

/** What to say about the whole call at its end. */
export function callSummary(score: Score): string[] {
  const average = averagePercent(score);
  if (average === undefined) return [];
  return [
    `Today you said ${sentences(score.said)}, ${perfectOnes(score)}. Your score is ${average} percent.`,
    verdict(average),
  ];
}

function verdict(average: number): string {
  if (average >= 95) return 'That was wonderful!';
  if (average >= 80) return 'That was very good work.';
  if (average >= 60) return 'You are getting better with every sentence.';
  return 'Speaking takes courage, and you did it. Keep going.';
}

function perfectOnes({ said, perfect }: Score): string {
  if (perfect === 0) return 'and each of them was good practice';
  if (perfect === said) return said === 1 ? 'and it was perfect' : 'all of them perfectly';
  return `${perfect} of them perfectly`;
}

function sentences(count: number): string {
  return count === 1 ? 'one sentence' : `${count} sentences`;
}

function inWords(count: number): string {
  return ['three', 'six', 'nine', 'twelve'][count / 3 - 1] ?? String(count);
}
