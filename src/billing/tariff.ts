import { z } from 'zod';
import { kopecksOf, type Kopecks } from './money.ts';
import { countWholeMinutes, type Minutes } from './minutes.ts';

/** What a minute costs. Kept with each call from its beginning, so that a new rate never prices an old call. */
export interface Tariff {
  readonly ratePerMinute: Kopecks;
}

/** 300 RUB an hour. */
export const BASE_RATE_PER_MINUTE = kopecksOf(500);

/** As it stands in `tariff_snapshot`. */
const tariffSnapshotSchema = z.object({ rate_kopecks_per_minute: z.int().nonnegative() });
export type TariffSnapshot = z.infer<typeof tariffSnapshotSchema>;

export function toSnapshot(tariff: Tariff): TariffSnapshot {
  return { rate_kopecks_per_minute: tariff.ratePerMinute };
}

export function fromSnapshot(snapshot: unknown): Tariff {
  return { ratePerMinute: kopecksOf(tariffSnapshotSchema.parse(snapshot).rate_kopecks_per_minute) };
}

/** Talk time cut to whole seconds, once: everything else is computed from these. */
export function durationSeconds(talkedMs: number): number {
  return Math.floor(talkedMs / 1000);
}

/** `max(1, ceil(seconds / 60))`, but never more than was held for the call. */
export function billedMinutes(seconds: number, held: Minutes): number {
  return Math.min(Math.max(1, Math.ceil(seconds / 60)), countWholeMinutes(held));
}

/** The list price: whole minutes at the base rate, whether the minutes were given or bought. */
export function listAmount(minutes: number, tariff: Tariff): Kopecks {
  return kopecksOf(minutes * tariff.ratePerMinute);
}
