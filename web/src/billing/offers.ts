import type { Package } from '../api/types.ts';
import { kopecksOf } from './amount.ts';

/** The package with the greatest minimum that the amount reaches; the server decides by the same rule. */
export function offerFor(kopecks: number, packages: readonly Package[]): Package | undefined {
  return packages
    .filter((offer) => kopecksOf(offer.min_amount_rub) <= kopecks)
    .toSorted((one, other) => other.min_amount_rub - one.min_amount_rub)[0];
}

/** A package that needs at most half as much again: worth a word. */
const NEAR = 1.5;

/** The next package up, and what it still takes. */
export function nextOffer(
  kopecks: number,
  packages: readonly Package[],
): { readonly offer: Package; readonly missingKopecks: number } | undefined {
  const discount = offerFor(kopecks, packages)?.discount_percent ?? 0;
  const offer = packages
    .filter((one) => kopecksOf(one.min_amount_rub) > kopecks && one.discount_percent > discount)
    .toSorted((one, other) => one.min_amount_rub - other.min_amount_rub)[0];
  if (!offer || kopecksOf(offer.min_amount_rub) > kopecks * NEAR) return undefined;
  return { offer, missingKopecks: kopecksOf(offer.min_amount_rub) - kopecks };
}

/** What the package's minutes would cost more without its discount; whole kopecks, rounded down. */
export function savedKopecks(offer: Package): number {
  const basisPoints = kopecksOf(offer.discount_percent);
  return Math.floor((kopecksOf(offer.min_amount_rub) * basisPoints) / (10_000 - basisPoints));
}
