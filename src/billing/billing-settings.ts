import type { Knex } from 'knex';
import { z } from 'zod';
import { defineSetting, readSetting } from '../platform/settings.ts';
import { wholeMinutes, type Minutes } from './minutes.ts';
import { kopecksOf } from './money.ts';
import { BASE_RATE_PER_MINUTE, type Tariff } from './tariff.ts';

const rate = defineSetting({
  key: 'billing.rate_kopecks_per_minute',
  schema: z.int().min(1).max(1_000_000),
  fallback: Number(BASE_RATE_PER_MINUTE),
});

const trial = defineSetting({
  key: 'billing.trial_minutes',
  schema: z.int().min(0).max(10_000),
  fallback: 60,
});

export async function readTariff(knex: Knex): Promise<Tariff> {
  return { ratePerMinute: kopecksOf(await readSetting(knex, rate)) };
}

/** What a new learner gets; 0 gives nothing. */
export async function readTrialMinutes(knex: Knex): Promise<Minutes> {
  return wholeMinutes(await readSetting(knex, trial));
}
