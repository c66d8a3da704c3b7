import type { TutorOccasion } from '../speech/engine.ts';

/**
 * No engine of the house hears or thinks in Russian. In a Russian lesson the stand-ins of the vendors understand always the
 * same and say that they are none: captions, turns, interruptions and voices can be tried, the lesson cannot.
 */

export const RUSSIAN_WORDS = 'здесь стояли бы ваши слова';

/** By what our own instructions say. */
export function isRussianLesson(instructions: string): boolean {
  return instructions.includes('tutor of Russian');
}

export const RUSSIAN_ANSWERS: Readonly<Record<TutorOccasion, string>> = {
  greeting: 'Здравствуйте! Я только замещаю преподавателя и русских слов не разбираю. Скажите что-нибудь.',
  turn: 'Я слышал, что вы говорили, но слов не разобрал. Здесь ответил бы настоящий преподаватель. Скажите ещё что-нибудь.',
  away: 'Вы ещё здесь?',
};
