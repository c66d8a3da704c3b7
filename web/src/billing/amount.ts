/** Money as it is typed and counted: in whole kopecks, because floating point gets sums wrong. */

export type ReadAmount =
  | { readonly kind: 'amount'; readonly kopecks: number }
  | { readonly kind: 'empty' }
  /** Not a sum: letters, two commas, a third decimal. */
  | { readonly kind: 'unreadable' };

/** Above what any request may carry; longer numbers are mistakes. */
const MOST_DIGITS = 9;

/** Reads `1000`, `1 000,50`, `1000.5 ₽`. Spaces group digits; a comma or a point separates the kopecks. */
export function readAmount(text: string): ReadAmount {
  const plain = text.replaceAll(/[\s₽]/g, '');
  if (plain === '') return { kind: 'empty' };
  const [, roubles, kopecks = ''] = /^(\d+)(?:[.,](\d{0,2}))?$/.exec(plain) ?? [];
  if (roubles === undefined || roubles.length > MOST_DIGITS) return { kind: 'unreadable' };
  return { kind: 'amount', kopecks: Number(roubles) * 100 + Number(kopecks.padEnd(2, '0')) };
}

export const roublesOf = (kopecks: number): number => kopecks / 100;
export const kopecksOf = (roubles: number): number => Math.round(roubles * 100);

/** For the field: `1000`, `1000.50`. */
export function writeAmount(kopecks: number): string {
  return kopecks % 100 === 0 ? String(kopecks / 100) : (kopecks / 100).toFixed(2);
}
