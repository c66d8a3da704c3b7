import { z } from 'zod';
import { hundredthsFromJson } from './hundredths.ts';
import { kopecksOf, type Kopecks } from './money.ts';

/** Numbers as the API speaks them: JSON numbers with at most two decimals. */

/** Far above what anybody pays, and below what a table cannot hold. */
const LARGEST_ROUBLES = 990_000;

function hasTwoDecimals(value: number): boolean {
  return /^-?\d+(\.\d{1,2})?$/.test(String(value));
}

/** A decimal of two places. */
export function decimal(least: number, largest: number) {
  return z.number().min(least).max(largest).refine(hasTwoDecimals, 'must have at most two decimals');
}

export const amountRub = decimal(0.01, LARGEST_ROUBLES).describe('Roubles, at most two decimals');
export const minutes = z.number().describe('Minutes, at most two decimals');

/** What `amountRub` let in. */
export function roublesFromJson(value: number): Kopecks {
  return kopecksOf(hundredthsFromJson(value));
}
