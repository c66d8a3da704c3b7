import { kopecksOf, type Kopecks } from './money.ts';
import { minutesOf, type Minutes } from './minutes.ts';

/** One credit's minutes, as far as spending from it needs to know. */
export interface Lot {
  readonly id: string;
  readonly kind: 'free' | 'paid';
  readonly minutes: Minutes;
  readonly remaining: Minutes;
  /** Paid for the whole lot; 0 when it was free. */
  readonly price: Kopecks;
}

export interface LotAllocation {
  readonly lotId: string;
  readonly minutes: Minutes;
  /** The part of the lot's price that these minutes were worth: recognized revenue. */
  readonly amount: Kopecks;
}

/**
 * Which lots `minutes` are taken from: the one named first, then the free ones, then in the order given (the oldest
 * first).
 * @throws RangeError when the lots hold less than `minutes`: balance and lots have come apart
 */
export function allocate(lots: readonly Lot[], minutes: Minutes, firstId?: string): LotAllocation[] {
  if (minutes <= 0) throw new RangeError('Only a positive number of minutes can be spent');
  const allocations: LotAllocation[] = [];
  let left: number = minutes;
  for (const lot of inBurnOrder(lots, firstId)) {
    const taken = Math.min(left, lot.remaining);
    if (taken > 0) {
      allocations.push({ lotId: lot.id, minutes: minutesOf(taken), amount: worth(lot, minutesOf(taken)) });
      left -= taken;
    }
    if (left === 0) return allocations;
  }
  throw new RangeError('The lots hold fewer minutes than are spent');
}

function inBurnOrder(lots: readonly Lot[], firstId: string | undefined): Lot[] {
  const place = ({ id, kind }: Lot): number => (id === firstId ? 0 : kind === 'free' ? 1 : 2);
  return lots.toSorted((one, other) => place(one) - place(other));
}

/**
 * Differences of a rounded running total instead of rounded parts, so that a lot used up has recognized
 * exactly its price, however many calls it took.
 */
function worth(lot: Lot, taken: Minutes): Kopecks {
  const usedBefore = lot.minutes - lot.remaining;
  return kopecksOf(recognized(lot, usedBefore + taken) - recognized(lot, usedBefore));
}

function recognized(lot: Lot, used: number): number {
  return Number((BigInt(lot.price) * BigInt(used)) / BigInt(lot.minutes));
}
