import type { Knex } from 'knex';
import { z } from 'zod';
import { defineSetting, readSetting } from '../platform/settings.ts';
import { wholeMinutes, type Minutes } from './minutes.ts';
import { kopecksOf, type Kopecks } from './money.ts';
import { BASE_RATE_PER_MINUTE, type Tariff } from './tariff.ts';

/** What staff may change; every earlier value stays in `settings_history`. */
export const rateSetting = defineSetting({
  key: 'billing.rate_kopecks_per_minute',
  schema: z.int().min(1).max(1_000_000),
  fallback: Number(BASE_RATE_PER_MINUTE),
  unit: 'kopecks_per_minute',
  description: {
    en: 'The price of a minute; a call keeps the price it began with',
    ru: 'Цена минуты; звонок идёт по той цене, с которой начался',
  },
});

const someMinutes = z.int().min(0).max(10_000);
export const trialSetting = defineSetting({
  key: 'billing.trial_minutes',
  schema: someMinutes,
  fallback: 60,
  unit: 'minutes',
  description: { en: 'Free minutes of a new learner; 0: none', ru: 'Бесплатные минуты нового ученика; 0: нет' },
});
export const referralSetting = defineSetting({
  key: 'billing.referral_minutes',
  schema: someMinutes,
  fallback: 60,
  unit: 'minutes',
  description: {
    en: 'Free minutes for each side of a confirmed invitation; 0: none',
    ru: 'Бесплатные минуты каждой стороне подтверждённого приглашения; 0: нет',
  },
});

/** The API takes no more. */
const depositBound = z.int().min(1).max(99_000_000);
export const leastDepositSetting = defineSetting({
  key: 'billing.deposit_min_kopecks',
  schema: depositBound,
  fallback: 10_00,
  unit: 'kopecks',
  description: { en: 'The smallest deposit', ru: 'Самое маленькое пополнение' },
});
export const largestDepositSetting = defineSetting({
  key: 'billing.deposit_max_kopecks',
  schema: depositBound,
  fallback: 100_000_00,
  unit: 'kopecks',
  description: { en: 'The largest deposit', ru: 'Самое большое пополнение' },
});

const referralDailyCap = defineSetting({
  key: 'billing.referral_rewards_per_day',
  schema: z.int().min(0).max(1000),
  fallback: 10,
  unit: 'rewards',
  description: {
    en: 'Invitations for which one learner is rewarded in 24 hours',
    ru: 'За сколько приглашений ученика награждают за 24 часа',
  },
});

/** When the books are checked every night, in the house's time zone: in the smallest hours, when nobody talks. */
export const reconcileTimeSetting = defineSetting({
  key: 'billing.reconcile_time',
  schema: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 04:00'),
  fallback: '04:00',
  description: {
    en: 'When the books are checked every night, by the clock of the house',
    ru: 'Когда каждую ночь сверяются книги, по часам компании',
  },
});

const giftLimit = defineSetting({
  key: 'billing.gift_max_minutes',
  schema: z.int().min(1).max(100_000),
  fallback: 600,
  unit: 'minutes',
  description: { en: 'The largest single gift', ru: 'Самый большой подарок за один раз' },
});

/** All of them: for whoever shows them. */
export const billingSettings = [
  rateSetting,
  trialSetting,
  referralSetting,
  leastDepositSetting,
  largestDepositSetting,
  referralDailyCap,
  giftLimit,
  reconcileTimeSetting,
] as const;

/** `HH:MM`. */
export function readReconcileTime(knex: Knex): Promise<string> {
  return readSetting(knex, reconcileTimeSetting);
}

export async function readTariff(knex: Knex): Promise<Tariff> {
  return { ratePerMinute: kopecksOf(await readSetting(knex, rateSetting)) };
}

/** What a new learner gets; 0 gives nothing. */
export async function readTrialMinutes(knex: Knex): Promise<Minutes> {
  return wholeMinutes(await readSetting(knex, trialSetting));
}

/** What each side of a confirmed invitation gets; 0 gives nothing. */
export async function readReferralMinutes(knex: Knex): Promise<Minutes> {
  return wholeMinutes(await readSetting(knex, referralSetting));
}

export interface DepositLimits {
  readonly least: Kopecks;
  readonly largest: Kopecks;
}

export async function readDepositLimits(knex: Knex): Promise<DepositLimits> {
  return {
    least: kopecksOf(await readSetting(knex, leastDepositSetting)),
    largest: kopecksOf(await readSetting(knex, largestDepositSetting)),
  };
}

/** For how many referrals one inviter is rewarded in 24 hours. */
export async function readReferralDailyCap(knex: Knex): Promise<number> {
  return readSetting(knex, referralDailyCap);
}

/** The largest single gift. */
export async function readGiftLimit(knex: Knex): Promise<Minutes> {
  return wholeMinutes(await readSetting(knex, giftLimit));
}
