import { z } from 'zod';
import { kopecksOf, type Kopecks } from './money.ts';

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
