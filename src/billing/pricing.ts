import { AppError } from '../platform/errors.ts';
import { minutesOf, type Minutes } from './minutes.ts';
import { kopecksOf, type Kopecks } from './money.ts';
import type { Tariff } from './tariff.ts';

/** What a payment buys. Pure and in integers: floating point got hundreds of package prices wrong. */

/** A discount of 100 %, in basis points; none may reach it. */
export const WHOLE = 10_000;

/** A discount for payments from a minimum on. */
export interface PricedPackage {
  readonly id: string;
  readonly name: string;
  /** In Russian, where it is called otherwise. */
  readonly nameRu?: string | null;
  readonly minAmount: Kopecks;
  /** 0 to 9999; 1000 is 10 %. */
  readonly discountBasisPoints: number;
}

export interface Quote {
  readonly amount: Kopecks;
  readonly minutes: Minutes;
  /** `undefined`: no minimum is reached, the base rate applies. */
  readonly package: PricedPackage | undefined;
  /** Rounded to the kopeck; for people. */
  readonly pricePerMinute: Kopecks;
}

/**
 * The package with the greatest minimum that the amount reaches, and what the amount buys under it.
 * @throws AppError `amount_too_small` where it buys nothing, `amount_too_large` where the ledger cannot hold it
 */
export function quote(amount: Kopecks, tariff: Tariff, packages: readonly PricedPackage[]): Quote {
  const chosen = choosePackage(amount, packages);
  const discount = chosen?.discountBasisPoints ?? 0;
  const minutes = minutesFor(amount, tariff, discount);
  if (minutes <= 0) {
    throw new AppError({ code: 'amount_too_small', kind: 'invalid', message: 'This amount buys no minutes.' });
  }
  return { amount, minutes, package: chosen, pricePerMinute: pricePerMinute(tariff, discount) };
}

function choosePackage(amount: Kopecks, packages: readonly PricedPackage[]): PricedPackage | undefined {
  return packages
    .filter(({ minAmount }) => minAmount <= amount)
    .toSorted((one, other) => other.minAmount - one.minAmount)[0];
}

/** `amount / (rate × (1 − discount))`, rounded down to a hundredth of a minute, once. */
export function minutesFor(amount: Kopecks, tariff: Tariff, discountBasisPoints: number): Minutes {
  checkDiscount(discountBasisPoints);
  const numerator = BigInt(amount) * 100n * BigInt(WHOLE);
  const hundredths = numerator / (BigInt(tariff.ratePerMinute) * BigInt(WHOLE - discountBasisPoints));
  try {
    return minutesOf(Number(hundredths));
  } catch (cause) {
    throw new AppError({
      code: 'amount_too_large',
      kind: 'invalid',
      message: 'This amount buys more minutes than can be counted.',
      cause,
    });
  }
}

export function pricePerMinute(tariff: Tariff, discountBasisPoints: number): Kopecks {
  checkDiscount(discountBasisPoints);
  return kopecksOf(Math.floor((tariff.ratePerMinute * (WHOLE - discountBasisPoints) + WHOLE / 2) / WHOLE));
}

/** Two payments of which the larger buys fewer minutes. */
export interface Contradiction {
  readonly smaller: { readonly amount: Kopecks; readonly package: PricedPackage };
  readonly larger: { readonly amount: Kopecks; readonly package: PricedPackage };
}

/**
 * Where paying more would buy fewer minutes. Within one package more money never does; so what counts is each step up:
 * the last kopeck under one package against the minimum of the next. Compared without rounding, so that what stands at
 * today's rate stands at every rate.
 */
export function findContradiction(packages: readonly PricedPackage[]): Contradiction | undefined {
  const steps = packages.toSorted((one, other) => one.minAmount - other.minAmount);
  for (const [index, upper] of steps.entries()) {
    const lower = steps[index - 1];
    if (!lower) continue; // below the first there is no discount, and none can be less
    const last = BigInt(upper.minAmount - 1);
    const under = last * BigInt(WHOLE - upper.discountBasisPoints);
    const over = BigInt(upper.minAmount) * BigInt(WHOLE - lower.discountBasisPoints);
    if (under > over) {
      return {
        smaller: { amount: kopecksOf(upper.minAmount - 1), package: lower },
        larger: { amount: upper.minAmount, package: upper },
      };
    }
  }
  return undefined;
}

function checkDiscount(basisPoints: number): void {
  if (!Number.isInteger(basisPoints) || basisPoints < 0 || basisPoints >= WHOLE) {
    throw new RangeError(`${basisPoints} is not a discount in basis points from 0 to 9999`);
  }
}
