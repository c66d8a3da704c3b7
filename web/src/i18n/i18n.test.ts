import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from './en.ts';
import { chooseLocale, createI18n, formatClock } from './i18n.ts';
import type { Message } from './message.ts';
import { ru } from './ru.ts';

const texts = (message: Message): string[] => (typeof message === 'string' ? [message] : Object.values(message));
const places = (message: Message): string[] =>
  [
    ...new Set(texts(message).flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''))),
  ].toSorted();

test('both languages have the same places in every message', () => {
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    assert.deepEqual(places(ru[key]), places(en[key]), key);
  }
});

test('every plural has every form that its language needs', () => {
  for (const [locale, messages] of [
    ['en', en],
    ['ru', ru],
  ] as const) {
    const needed = new Intl.PluralRules(locale).resolvedOptions().pluralCategories.toSorted();
    for (const [key, message] of Object.entries<Message>(messages)) {
      if (typeof message !== 'string') assert.deepEqual(Object.keys(message).toSorted(), needed, `${locale} ${key}`);
    }
  }
});

test('no message is empty', () => {
  for (const message of [...Object.values<Message>(en), ...Object.values<Message>(ru)]) {
    for (const text of texts(message)) assert.notEqual(text.trim(), '');
  }
});

test('numbers choose the Russian form', () => {
  const { t } = createI18n('ru');
  const minutes = (count: number): string => t('minutes.count', { minutes: count, count });
  assert.deepEqual([1, 2, 5, 11, 21, 58.5].map(minutes), [
    '1 минута',
    '2 минуты',
    '5 минут',
    '11 минут',
    '21 минута',
    '58,5 минуты',
  ]);
});

test('the buttons of the call have the names that they are pressed by', () => {
  const { t } = createI18n('en');
  assert.deepEqual(
    [t('ready.start'), t('call.end'), t('call.mute'), t('call.unmute')],
    ['Start call', 'End call', 'Mute', 'Unmute'],
  );
});

test('a clock cuts to whole seconds and shows hours only when there are some', () => {
  assert.equal(formatClock(0), '0:00');
  assert.equal(formatClock(65_999), '1:05');
  assert.equal(formatClock(3_600_000), '1:00:00');
  assert.equal(formatClock(-5), '0:00');
});

test('the kept language wins, then the browser’s first that the page has', () => {
  assert.equal(chooseLocale('ru', ['en-US']), 'ru');
  assert.equal(chooseLocale(undefined, ['de-DE', 'ru-RU', 'en-US']), 'ru');
  assert.equal(chooseLocale(undefined, ['de-DE']), 'en');
});

test('a code that the page has no words for is said by nobody', () => {
  assert.equal(createI18n('en').maybe('end.something_new'), undefined);
});

test('roubles have kopecks only where there are some', () => {
  const plain = (text: string): string => text.replaceAll(/\s/g, ' ');
  assert.deepEqual([1_000, 4.5].map(createI18n('en').money).map(plain), ['₽1,000', '₽4.50']);
  assert.deepEqual([1_000, 4.5].map(createI18n('ru').money).map(plain), ['1 000 ₽', '4,50 ₽']);
});
