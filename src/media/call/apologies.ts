import type { Language } from '../../speech/engine.ts';

/** What the tutor says when the engines leave it nothing else, in the language of the lesson. */
export const apologies: Readonly<Record<'deaf' | 'lostLine', Readonly<Record<Language, string>>>> = {
  deaf: {
    en: 'I am sorry, I cannot hear you any more. Please call again in a few minutes.',
    ru: 'Простите, я вас больше не слышу. Позвоните, пожалуйста, через несколько минут.',
  },
  lostLine: {
    en: 'Sorry, I was away for a moment. Please go on.',
    ru: 'Извините, я на секунду отвлёкся. Продолжайте, пожалуйста.',
  },
};
