import { checkHundredths, formatHundredths, hundredthsToJson, parseHundredths } from './hundredths.ts';

declare const unit: unique symbol;

/** Minutes as an integer number of hundredths: 1.50 minutes is 150. */
export type Minutes = number & { readonly [unit]: 'hundredths of a minute' };

/** Arithmetic gives plain numbers: this checks the result and names its unit. @throws RangeError */
export function minutesOf(hundredths: number): Minutes {
  return checkHundredths(hundredths) as Minutes;
}

/** @throws RangeError unless `whole` is a whole number */
export function wholeMinutes(whole: number): Minutes {
  if (!Number.isSafeInteger(whole)) throw new RangeError(`${whole} is not a whole number of minutes`);
  return minutesOf(whole * 100);
}

/** How many whole minutes are in it, rounded towards zero. */
export function countWholeMinutes(minutes: Minutes): number {
  return Math.trunc(minutes / 100);
}

/** From a `numeric(12,2)` column. */
export function parseMinutes(text: string): Minutes {
  return parseHundredths(text) as Minutes;
}

/** For a `numeric(12,2)` column. */
export function formatMinutes(minutes: Minutes): string {
  return formatHundredths(minutes);
}

/** For an answer of the API. */
export function minutesToJson(minutes: Minutes): number {
  return hundredthsToJson(minutes);
}
