import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointDelayMs, endsUnfinished, isBackchannel, isCommand, isHesitation, sameWords } from './endpointing.ts';
import { defaultTurnSettings as settings } from './turn-settings.ts';

describe('endpointing', () => {
  const delay = (text: string, language: 'en' | 'ru' = 'en', engineSaysEnded = false) =>
    endpointDelayMs({ text, engineSaysEnded }, language, settings);

  it('waits least after a whole sentence or on the word of the engine', () => {
    assert.equal(delay('I like tea.'), settings.minEndpointDelayMs);
    assert.equal(delay('Really?"'), settings.minEndpointDelayMs);
    assert.equal(delay('i like tea', 'en', true), settings.minEndpointDelayMs);
  });

  it('waits longest after a phrase that breaks off', () => {
    for (const text of ['i like tea and', 'I would like to', 'give me the', 'well, um', 'On Monday,']) {
      assert.equal(delay(text), settings.maxEndpointDelayMs, text);
    }
    assert.equal(delay('я пошёл, потому что', 'ru'), settings.maxEndpointDelayMs);
    assert.equal(delay('i like tea and', 'en', true), settings.maxEndpointDelayMs);
  });

  it('waits in between when nothing speaks for either', () => {
    assert.equal(delay('i like tea'), settings.unsureEndpointDelayMs);
  });

  it('takes whole words only, and a full stop for the end of them', () => {
    assert.equal(endsUnfinished('i saw a panda', 'en'), false);
    assert.equal(endsUnfinished('What are you waiting for?', 'en'), false);
    assert.equal(endsUnfinished('', 'en'), false);
  });

  it('knows a backchannel only when it stands alone', () => {
    assert.equal(isBackchannel('Mm-hm.', 'en'), true);
    assert.equal(isBackchannel('Yeah', 'en'), true);
    assert.equal(isBackchannel('yeah but no', 'en'), false);
    assert.equal(isBackchannel('Угу', 'ru'), true);
    assert.equal(isBackchannel('', 'en'), false);
  });

  const broken: Readonly<Record<'en' | 'ru', readonly string[]>> = {
    en: [
      'I want to',
      'I was there because',
      'it is very',
      'my favourite color is',
      "I don't",
      'I went to the',
      'Well',

      'he said that he would',
      'I think',
      'I would like',
      'um',
      'I like, um.',
      'so',
      'Yes, but',
      'what I want is',
      'and',
      'How do you say',
      'I like apples —',
      'First:',
      'I was thinking...',
      'Hmm…',
      'one of',
      'she',
      'If',
    ],
    ru: [
      'я люблю чай и',
      'потому что',
      'мне нужно',
      'я живу в',
      'это мой',
      'ну',
      'э-э',
      'я хочу',
      'он сказал что',
      'Если',
      'у меня',
      'я думаю',
      'как сказать',
      'и потом',
      'не',
      'Например,',
      'я был в Москве, но',
      'Да, но',
      'самый',
    ],
  };
  const whole: Readonly<Record<'en' | 'ru', readonly string[]>> = {
    en: [
      'yes i am',
      "No, I don't",
      'Yes it is',
      'of course I can',
      'I think so',
      'So do I',
      'me too',
      'very much',
      'No more',

      'where are you from',
      'What are you looking at',
      'what is it like',
      'a little',
      'I like that',
      'why not',
      'come in',

      'I want some',
      'I speak English well',
      'I have never been there before',
      'I like him',
      'I know why',
      'What do you do',
    ],
    ru: [
      'да',
      'нет',
      'не хочу',
      'не могу',
      'что это',
      'мне нравится это',
      'я его люблю',
      'А ты',
      'можно',
      'не надо',
      'пока',
      'я не знаю почему',
      'кто она',
      'хорошо',
      'дай мне',
      'вот это да',
      'как дела',
      'мне нравится чай',
    ],
  };
  for (const language of ['en', 'ru'] as const) {
    for (const text of broken[language]) {
      it(`waits after "${text}"`, () => assert.equal(delay(text, language), settings.maxEndpointDelayMs));
    }
    for (const text of whole[language]) {
      it(`does not wait after "${text}"`, () => assert.equal(delay(text, language), settings.unsureEndpointDelayMs));
    }
  }

  it('takes several backchannels, and hesitations, for one', () => {
    for (const text of [
      'Yeah, yeah.',
      'Oh, I see, okay',
      'uh-huh uh-huh',
      'um',
      'Really?',
      'all right',
      "That's right.",
    ]) {
      assert.equal(isBackchannel(text, 'en'), true, text);
    }
    for (const text of ['Да-да', 'ну да, конечно', 'Ага, понял', 'э-э', 'Всё ясно']) {
      assert.equal(isBackchannel(text, 'ru'), text !== 'Всё ясно' && text !== 'Да-да', text);
    }
    for (const text of ['no', 'yes please', 'right now', 'okay stop', 'yeah yeah yeah yeah yeah', 'I see a cat']) {
      assert.equal(isBackchannel(text, 'en'), false, text);
    }
  });

  it('tells a hesitation and a command from words', () => {
    assert.equal(isHesitation('Um… uh', 'en'), true);
    assert.equal(isHesitation('um yes', 'en'), false);
    assert.equal(isHesitation('Э-э, м', 'ru'), true);
    assert.equal(isCommand('Wait, please!', 'en'), true);
    assert.equal(isCommand('wait for the bus', 'en'), false);
    assert.equal(isCommand('Подожди', 'ru'), true);
    assert.equal(isCommand('', 'ru'), false);
  });

  it('compares words without case and punctuation', () => {
    assert.equal(sameWords('Hello, there!', 'hello there'), true);
    assert.equal(sameWords('Всё хорошо.', 'все хорошо'), true);
    assert.equal(sameWords('hello', 'hello there'), false);
  });
});
