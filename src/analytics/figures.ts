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
  /** Credits of any kind taken back: not positive. The money is what the minutes taken back had cost. */
  readonly reversals: Given & { readonly kopecks: number };
}

type Credits = ReadonlyMap<CreditKind, CreditFigures>;

/** Of one bucket, or the sum of several; callers cannot be added up, and are given. */
export function toFigures(
  usage: UsageFigures | readonly UsageFigures[] | undefined,
  callers: number | undefined,
  credits: Credits | readonly Credits[] | undefined,
): Figures {
  const used = usage === undefined ? [] : 'length' in usage ? usage : [usage];
  const given = credits === undefined ? [] : 'length' in credits ? credits : [credits];
  const total = (name: keyof UsageFigures): number => used.reduce((sum, figures) => sum + figures[name], 0);
  const of = (kind: CreditKind, name: keyof CreditFigures): number =>
    given.reduce((sum, kinds) => sum + (kinds.get(kind)?.[name] ?? 0), 0);
  const credited = (kind: CreditKind): Given => ({
    count: of(kind, 'credits'),
    hundredths: of(kind, 'creditedHundredths'),
  });
  const reversed = (name: keyof CreditFigures): number => REVERSIBLE.reduce((sum, kind) => sum + of(kind, name), 0);
  return {
    sessions: total('sessions'),
    billedMinutes: total('billedMinutes'),
    talkedSec: total('talkedSec'),
    listKopecks: total('listKopecks'),
    recognizedKopecks: total('recognizedKopecks'),
    freeHundredths: total('freeHundredths'),
    callers: callers ?? 0,
    deposits: { ...credited('deposit'), kopecks: of('deposit', 'creditedKopecks') },
    gifts: credited('gift'),
    referrals: credited('referral'),
    trials: credited('trial'),
    adjustments: {
      count: of('adjustment', 'credits') + of('adjustment', 'debits'),
      hundredths: of('adjustment', 'creditedHundredths') - of('adjustment', 'debitedHundredths'),
    },
    reversals: {
      count: reversed('debits'),
      hundredths: 0 - reversed('debitedHundredths'),
      kopecks: 0 - reversed('debitedKopecks'),
    },
  };
}

const REVERSIBLE: readonly CreditKind[] = ['deposit', 'trial', 'gift', 'referral'];
