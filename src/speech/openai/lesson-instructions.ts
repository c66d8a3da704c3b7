import type { Language, Level, TutorOccasion } from '../engine.ts';

const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', ru: 'Russian' };

const LEVELS: Readonly<Record<Level, string>> = {
  beginner: 'a beginner: use very short sentences and the most common words, one question at a time',
  intermediate: 'at an intermediate level: use everyday language, and explain what is rare',
  advanced: 'advanced: speak naturally, and correct also what is only unidiomatic',
};

/** What holds in every lesson; the house's own rules come after it and win. */
export function composeInstructions(options: {
  readonly instructions: string;
  readonly language: Language;
  readonly level: Level;
  readonly notes?: readonly string[];
}): string {
  const { instructions, language, level, notes = [] } = options;
  const parts = [
    `You are a friendly tutor of ${LANGUAGES[language]} on a voice call. The learner is ${LEVELS[level]}. ` +
      `Speak ${LANGUAGES[language]}. Everything you write is spoken aloud: no lists, no headings, no emoji, no markup. ` +
      'Answer in one to three sentences, correct the most important mistake kindly, and end with something to answer.',
    instructions.trim(),
    notes.length === 0 ? '' : `Your notes on this learner:\n${notes.map((note) => `- ${note}`).join('\n')}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What the model is told when the learner has not spoken. */
export const OCCASIONS: Readonly<Record<Exclude<TutorOccasion, 'turn'>, string>> = {
  greeting: 'The call begins. Greet the learner and ask a first easy question.',
  away: 'The learner has been silent for a while. Ask once, briefly and kindly, whether they are still there.',
};
