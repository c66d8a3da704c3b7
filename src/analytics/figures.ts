import type { CreditFigures, CreditKind, UsageFigures } from './read-figures.ts';

/** One kind of credit: how often, and in hundredths of a minute. */
interface Given {
  readonly count: number;
  readonly hundredths: number;
}

/** The figures of a stretch of time. Money in kopecks, minutes in hundredths. */
export interface Figures {
  readonly sessions: number;
  readonly billedMinutes: number;
  readonly talkedSec: number;
  /** Billed minutes at the rate of their sessions. */
  readonly listKopecks: number;
  /** What had been paid for the minutes that were used. A refund takes back minutes that were not. */
  readonly recognizedKopecks: number;
  readonly freeHundredths: number;
  /** Different people. */
  readonly callers: number;
  readonly deposits: Given & { readonly kopecks: number };
  readonly gifts: Given;
  /** Both sides. */
  readonly referrals: Given;
  readonly trials: Given;
  /** What corrections gave, less what they took. */
  readonly adjustments: Given;
  /** Charges given back, as free minutes: their sessions stay what they were. */
  readonly returnedCharges: Given;
  /** Credits of any kind taken back: not positive. The money is what the minutes taken back had cost. */
  readonly reversals: Given & { readonly kopecks: number };
}

type Credits = ReadonlyMap<CreditKind, CreditFigures>;

const NO_USAGE: UsageFigures = {
  sessions: 0,
  billedMinutes: 0,
  talkedSec: 0,
  listKopecks: 0,
  recognizedKopecks: 0,
  freeHundredths: 0,
};
const NO_CREDITS: CreditFigures = {
  credits: 0,
  creditedHundredths: 0,
  creditedKopecks: 0,
  debits: 0,
  debitedHundredths: 0,
  debitedKopecks: 0,
};
const NOTHING_GIVEN: Credits = new Map();

/** Callers cannot be added up, and are given. */
export function toFigures(usage: UsageFigures = NO_USAGE, callers = 0, credits: Credits = NOTHING_GIVEN): Figures {
  const of = (kind: CreditKind): CreditFigures => credits.get(kind) ?? NO_CREDITS;
  const [deposit, trial, gift, referral, adjustment, charge] = [
    of('deposit'),
    of('trial'),
    of('gift'),
    of('referral'),
    of('adjustment'),
    of('usage'),
  ];
  return {
    sessions: usage.sessions,
    billedMinutes: usage.billedMinutes,
    talkedSec: usage.talkedSec,
    listKopecks: usage.listKopecks,
    recognizedKopecks: usage.recognizedKopecks,
    freeHundredths: usage.freeHundredths,
    callers,
    deposits: { count: deposit.credits, hundredths: deposit.creditedHundredths, kopecks: deposit.creditedKopecks },
    gifts: { count: gift.credits, hundredths: gift.creditedHundredths },
    referrals: { count: referral.credits, hundredths: referral.creditedHundredths },
    trials: { count: trial.credits, hundredths: trial.creditedHundredths },
    adjustments: {
      count: adjustment.credits + adjustment.debits,
      hundredths: adjustment.creditedHundredths - adjustment.debitedHundredths,
    },
    returnedCharges: { count: charge.credits, hundredths: charge.creditedHundredths },
    reversals: {
      count: deposit.debits + trial.debits + gift.debits + referral.debits,
      hundredths:
        0 - deposit.debitedHundredths - trial.debitedHundredths - gift.debitedHundredths - referral.debitedHundredths,
      kopecks: 0 - deposit.debitedKopecks - trial.debitedKopecks - gift.debitedKopecks - referral.debitedKopecks,
    },
  };
}

type Sums<Added> = { -readonly [Name in keyof Added]: Added[Name] };

export function sumUsage(all: Iterable<UsageFigures>): UsageFigures {
  const total: Sums<UsageFigures> = { ...NO_USAGE };
  for (const figures of all) {
    total.sessions += figures.sessions;
    total.billedMinutes += figures.billedMinutes;
    total.talkedSec += figures.talkedSec;
    total.listKopecks += figures.listKopecks;
    total.recognizedKopecks += figures.recognizedKopecks;
    total.freeHundredths += figures.freeHundredths;
  }
  return total;
}

export function sumCredits(all: Iterable<Credits>): Credits {
  const totals = new Map<CreditKind, Sums<CreditFigures>>();
  for (const kinds of all) {
    for (const [kind, figures] of kinds) {
      const total = totals.get(kind) ?? { ...NO_CREDITS };
      total.credits += figures.credits;
      total.creditedHundredths += figures.creditedHundredths;
      total.creditedKopecks += figures.creditedKopecks;
      total.debits += figures.debits;
      total.debitedHundredths += figures.debitedHundredths;
      total.debitedKopecks += figures.debitedKopecks;
      totals.set(kind, total);
    }
  }
  return totals;
}
