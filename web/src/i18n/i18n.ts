import { createContext, useContext } from 'react';
import { en } from './en.ts';
import { formatMessage } from './message.ts';
import type { Message, MessageValues } from './message.ts';
import { ru } from './ru.ts';

export type Locale = 'en' | 'ru';
export type MessageKey = keyof typeof en;

export const locales: readonly Locale[] = ['en', 'ru'];
/** Each language by its own name. */
export const localeNames: Readonly<Record<Locale, string>> = { en: 'English', ru: 'Русский' };

const messages: Readonly<Record<Locale, Record<MessageKey, Message>>> = { en, ru };

/** The page's words, numbers and dates in one language. */
export interface I18n {
  readonly locale: Locale;
  readonly t: (key: MessageKey, values?: MessageValues) => string;
  /** A key that is put together from a code; undefined when the page has no words for that code. */
  readonly maybe: (key: string, values?: MessageValues) => string | undefined;
  /** At most two decimals, as minutes come from the API. */
  readonly number: (value: number) => string;
  /** Roubles, with kopecks where there are some: `₽1,000`, `4,50 ₽`. */
  readonly money: (roubles: number) => string;
  /** `+60`, `−3`. */
  readonly signed: (value: number) => string;
  /** `2:05`, `1:02:05`. */
  readonly clock: (ms: number) => string;
  /** `1 min 5 s` for people. */
  readonly duration: (seconds: number) => string;
  readonly date: (iso: string) => string;
  readonly time: (iso: string) => string;
  readonly dateTime: (iso: string) => string;
}

export function createI18n(locale: Locale): I18n {
  const own = messages[locale];
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const signed = new Intl.NumberFormat(locale, { maximumFractionDigits: 2, signDisplay: 'exceptZero' });
  const money = (roubles: number): string =>
    new Intl.NumberFormat(locale, {
      style: 'currency',
      currency: 'RUB',
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: Number.isInteger(roubles) ? 0 : 2,
    }).format(roubles);
  const thisYear = new Date().getFullYear();
  const dateWithYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' });
  const dateInYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long' });
  const timeOfDay = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' });
  const unit = (value: number, name: string): string =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);

  const date = (iso: string): string => {
    const day = new Date(iso);
    // A day and its month stay on one line.
    return (day.getFullYear() === thisYear ? dateInYear : dateWithYear).format(day).replaceAll(' ', '\u00a0');
  };
  const time = (iso: string): string => timeOfDay.format(new Date(iso)).replaceAll(' ', '\u00a0');
  return {
    locale,
    t: (key, values) => formatMessage(own[key], locale, values),
    maybe: (key, values) => (key in own ? formatMessage(own[key as MessageKey], locale, values) : undefined),
    number: (value) => numbers.format(value),
    money,
    signed: (value) => signed.format(value).replace('-', '−'),
    clock: formatClock,
    duration(seconds) {
      const minutes = Math.floor(seconds / 60);
      const rest = seconds % 60;
      if (minutes === 0) return unit(rest, 'second');
      return rest === 0 ? unit(minutes, 'minute') : `${unit(minutes, 'minute')} ${unit(rest, 'second')}`;
    },
    date,
    time,
    dateTime: (iso) => `${date(iso)}, ${time(iso)}`,
  };
}

/** Whole seconds, cut. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const tail = String(seconds % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** The kept choice, else the browser's first language that the page has. */
export function chooseLocale(kept: string | undefined, preferred: readonly string[]): Locale {
  for (const tag of kept === undefined ? preferred : [kept, ...preferred]) {
    const language = tag.slice(0, 2).toLowerCase();
    if (language === 'en' || language === 'ru') return language;
  }
  return 'en';
}

export const I18nContext = createContext<I18n>(createI18n('en'));
export const useI18n = (): I18n => useContext(I18nContext);
