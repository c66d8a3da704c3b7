/**
 * Decimals with two places as integers: 12.34 is 1234. Minutes and money are both kept so, in code as integers
 * and in tables as `numeric(12,2)`, because floating point rounds prices wrongly.
 */

// numeric(12,2) carries ten digits before the point.
const LARGEST = 999_999_999_999;

/** @throws RangeError for what is not a whole number, or does not fit `numeric(12,2)` */
export function checkHundredths(value: number): number {
  if (!Number.isSafeInteger(value) || Math.abs(value) > LARGEST) {
    throw new RangeError(`${value} is not a whole number of hundredths that fits numeric(12,2)`);
  }
  return value === 0 ? 0 : value; // never −0
}

/** Reads PostgreSQL's text of a `numeric(12,2)`: `-12.34`, `5`, `5.1`. @throws RangeError */
export function parseHundredths(text: string): number {
  const match = /^(-?)(\d{1,10})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) throw new RangeError(`"${text}" is not a decimal with two places`);
  const [, sign, whole, fraction = ''] = match;
  const magnitude = Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
  return checkHundredths(sign === '-' ? -magnitude : magnitude);
}

/** As `numeric(12,2)` takes it: always two places. */
export function formatHundredths(value: number): string {
  const digits = String(Math.abs(checkHundredths(value))).padStart(3, '0');
  return `${value < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** A JSON number with at most two decimals: the nearest double prints as exactly that. For answers only. */
export function hundredthsToJson(value: number): number {
  return checkHundredths(value) / 100;
}

/** From a JSON number: its shortest decimal form is what was sent. @throws RangeError with more than two decimals */
export function hundredthsFromJson(value: number): number {
  return parseHundredths(String(value));
}
