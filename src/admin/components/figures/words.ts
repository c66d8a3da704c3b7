import { useTranslation } from 'adminjs';
import { useMemo } from 'react';

export interface Words {
  readonly language: string;
  /** Of `components.<group>` of the locales. */
  readonly say: (key: string, values?: Readonly<Record<string, string | number>>) => string;
  readonly formats: Formats;
}

/** How figures are written in the panel's language. */
export interface Formats {
  readonly count: (value: number) => string;
  readonly minutes: (value: number) => string;
  readonly roubles: (value: number) => string;
  readonly ms: (value: number) => string;
  /** With its unit: `420 ms`. */
  readonly inMs: (value: number) => string;
  /** Short, for an axis: `12K`. */
  readonly short: (value: number) => string;
  /** With its sign. */
  readonly percent: (value: number) => string;
  /** A day as `2026-11-21`, or a local time as `2026-11-21T09:00:00`. */
  readonly day: (local: string) => string;
  readonly hour: (local: string) => string;
  readonly dayAndHour: (local: string) => string;
  /** `2026-11-21`, with its year. */
  readonly date: (local: string) => string;
  /** An instant, in the browser's zone. */
  readonly time: (instant: string) => string;
  readonly instant: (instant: string) => string;
  /** With its year. */
  readonly datedInstant: (instant: string) => string;
  /** To the second, with the zone. */
  readonly exactInstant: (instant: string) => string;
  /** An instant to the second, with its year. */
  readonly dateAndTime: (instant: string) => string;
  /** `1:02:05` */
  readonly duration: (seconds: number) => string;
  /** In the largest unit of which there is one: `1.4 MB`. */
  readonly bytes: (bytes: number) => string;
}

export function useWords(group: string): Words {
  const { translateComponent, i18n } = useTranslation();
  const language = i18n.language.startsWith('ru') ? 'ru' : 'en';
  const formats = useMemo(() => formatsOf(language), [language]);
  return {
    language,
    formats,
    say: (key, values) => translateComponent(`${group}.${key}`, { ...values }),
  };
}

function formatsOf(language: string): Formats {
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const number = (options: Intl.NumberFormatOptions): ((value: number) => string) => {
    const format = new Intl.NumberFormat(locale, options);
    return (value) => format.format(value);
  };
  const count = number({ maximumFractionDigits: 0 });
  const upToTwo = number({ maximumFractionDigits: 2 });
  const rouble = { style: 'currency', currency: 'RUB', currencyDisplay: 'narrowSymbol' } as const;
  const whole = number({ ...rouble, maximumFractionDigits: 0 });
  const withKopecks = number({ ...rouble, minimumFractionDigits: 2 });
  // Local times are read as if they were UTC, and written so: no zone moves them.
  const local = (options: Intl.DateTimeFormatOptions): ((text: string) => string) => {
    const format = new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
    return (text) => short(format.format(new Date(text.length === 10 ? text : `${text.slice(0, 19)}Z`)));
  };
  const here = (options: Intl.DateTimeFormatOptions): ((text: string) => string) => {
    const format = new Intl.DateTimeFormat(locale, options);
    return (text) => short(format.format(new Date(text)));
  };
  return {
    count,
    minutes: upToTwo,
    roubles: (value) => (Number.isInteger(value) ? whole(value) : withKopecks(value)),
    ms: (value) => count(Math.round(value)),
    inMs: number({ style: 'unit', unit: 'millisecond', maximumFractionDigits: 0 }),
    short: number({ notation: 'compact', maximumFractionDigits: 2 }),
    percent: number({ style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' }),
    day: local({ day: 'numeric', month: 'short' }),
    hour: local({ hour: '2-digit', minute: '2-digit' }),
    dayAndHour: local({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }),
    date: local({ day: 'numeric', month: 'short', year: 'numeric' }),
    time: here({ hour: '2-digit', minute: '2-digit', second: '2-digit' }),
    instant: here({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }),
    dateAndTime: here({ dateStyle: 'medium', timeStyle: 'medium' }),
    datedInstant: here({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' }),
    exactInstant: here({ dateStyle: 'medium', timeStyle: 'long' }),
    duration: clock,
    bytes: (value) => {
      const power = Math.min(BYTES.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
      const unit = number({ style: 'unit', unit: BYTES[power] ?? 'byte', maximumFractionDigits: power > 1 ? 1 : 0 });
      return unit(value / 1000 ** power);
    },
  };
}

const BYTES = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];

/** Russian writes a word for "year" behind it, which tables have no room for. */
function short(date: string): string {
  return date.replace(/\s?г\./, '');
}

function clock(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(Math.floor(seconds % 60))}`;
}
