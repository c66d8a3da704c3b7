import { checkHundredths, formatHundredths, hundredthsToJson, parseHundredths } from './hundredths.ts';

declare const unit: unique symbol;

/** Roubles as an integer number of kopecks: 5.00 RUB is 500. */
export type Kopecks = number & { readonly [unit]: 'kopecks' };

/** Arithmetic gives plain numbers: this checks the result and names its unit. @throws RangeError */
export function kopecksOf(kopecks: number): Kopecks {
  return checkHundredths(kopecks) as Kopecks;
}

export const NO_MONEY = kopecksOf(0);

/** From a `numeric(12,2)` column of roubles. */
export function parseRoubles(text: string): Kopecks {
  return parseHundredths(text) as Kopecks;
}

/** For a `numeric(12,2)` column of roubles. */
export function formatRoubles(kopecks: Kopecks): string {
  return formatHundredths(kopecks);
}

/** For an answer of the API. */
export function roublesToJson(kopecks: Kopecks): number {
  return hundredthsToJson(kopecks);
}
