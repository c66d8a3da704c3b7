import type { Language } from '../engine.ts';

/** What is said where nothing better is left, in the language of the lesson. */
export const apologies: Readonly<Record<'noAnswer' | 'brokenOff', Readonly<Record<Language, string>>>> = {
  noAnswer: {
    en: 'Sorry, I could not think of an answer just now. Please say that again.',
    ru: 'Извините, у меня сейчас не получилось ответить. Повторите, пожалуйста.',
  },
  brokenOff: {
    en: ' Sorry, I lost my thread. Please go on.',
    ru: ' Извините, я сбился с мысли. Продолжайте, пожалуйста.',
  },
};
