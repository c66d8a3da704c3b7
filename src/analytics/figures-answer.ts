import { z } from 'zod';
import type { Figures } from './figures.ts';

const minutes = z.number().describe('Minutes, at most two decimals');
const roubles = z.number().describe('Roubles, at most two decimals');

/** The figures as the API speaks them. */
export const figuresAnswer = z.object({
  total_minutes: z.int().describe('Billed minutes'),
  total_revenue: roubles.describe('List revenue: billed minutes at the base rate of their sessions'),
  sessions_count: z.int(),
  recognized_revenue: roubles.describe('What had been paid for the minutes that were used'),
  free_minutes: minutes,
  paid_minutes: minutes,
  talked_seconds: z.int(),
  average_session_minutes: minutes.describe('Talked, not billed; 0 without sessions'),
  unique_callers: z.int(),
  deposits_count: z.int(),
  deposits_amount: roubles,
  deposits_minutes: minutes,
  gifts_count: z.int(),
  gifts_minutes: minutes,
  referrals_count: z.int().describe('Rewards and welcomes'),
  referrals_minutes: minutes,
  trials_count: z.int(),
  trials_minutes: minutes,
  adjustments_count: z.int(),
  adjustments_minutes: minutes.describe('Given less taken'),
  returned_charges_count: z.int(),
  returned_charges_minutes: minutes.describe('Given back by staff, as free minutes; the sessions stay in the figures'),
  reversals_count: z.int(),
  reversals_minutes: minutes.describe('Taken back by refunds and blocked referrals: not positive'),
  reversals_amount: roubles.describe('What the minutes taken back had cost: not positive'),
});
export type FiguresAnswer = z.output<typeof figuresAnswer>;

/** The columns of a table of figures. */
export const FIGURE_NAMES = Object.keys(figuresAnswer.shape) as readonly (keyof FiguresAnswer)[];

export function toFiguresAnswer(figures: Figures): FiguresAnswer {
  const { sessions, billedMinutes, talkedSec, freeHundredths } = figures;
  return {
    total_minutes: billedMinutes,
    total_revenue: figures.listKopecks / 100,
    sessions_count: sessions,
    recognized_revenue: figures.recognizedKopecks / 100,
    free_minutes: freeHundredths / 100,
    paid_minutes: (billedMinutes * 100 - freeHundredths) / 100,
    talked_seconds: talkedSec,
    average_session_minutes: sessions === 0 ? 0 : Math.round((talkedSec * 100) / 60 / sessions) / 100,
    unique_callers: figures.callers,
    deposits_count: figures.deposits.count,
    deposits_amount: figures.deposits.kopecks / 100,
    deposits_minutes: figures.deposits.hundredths / 100,
    gifts_count: figures.gifts.count,
    gifts_minutes: figures.gifts.hundredths / 100,
    referrals_count: figures.referrals.count,
    referrals_minutes: figures.referrals.hundredths / 100,
    trials_count: figures.trials.count,
    trials_minutes: figures.trials.hundredths / 100,
    adjustments_count: figures.adjustments.count,
    adjustments_minutes: figures.adjustments.hundredths / 100,
    returned_charges_count: figures.returnedCharges.count,
    returned_charges_minutes: figures.returnedCharges.hundredths / 100,
    reversals_count: figures.reversals.count,
    reversals_minutes: figures.reversals.hundredths / 100,
    reversals_amount: figures.reversals.kopecks / 100,
  };
}
