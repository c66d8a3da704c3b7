/**
 * The clock of a time zone between two instants. Local times are written as milliseconds too: what UTC would show for
 * the same figures. Answers come from a list of the changes of the clock, found once.
 */
export interface LocalClock {
  /** Local time minus UTC, in ms. */
  offsetAt(instantMs: number): number;
  /**
   * The first instant at which the clock shows this or later: of a time that is shown twice the earlier, of one that is
   * skipped the moment of the change.
   */
  firstAt(localMs: number): number;
  /** Stretches without a change, the first from the beginning, each with its offset. */
  readonly stretches: readonly Stretch[];
}

export interface Stretch {
  readonly startsMs: number;
  readonly offsetMs: number;
}

const DAY_MS = 86_400_000;
/** Zones change their clocks a month apart at least (Morocco, around Ramadan). */
const LOOK_EVERY_MS = 14 * DAY_MS;

/** A time zone of the IANA database, opened once for all that is asked of it: that costs more than the questions. */
export interface Zone {
  readonly name: string;
  /** Local time minus UTC, in ms. */
  readonly offset: (instantMs: number) => number;
}

export function readLocalClock({ offset }: Zone, fromMs: number, toMs: number): LocalClock {
  const stretches: Stretch[] = [];
  // A zone is never more than 14 hours from UTC: two days on both sides answer for all local times between.
  let atMs = fromMs - 2 * DAY_MS;
  let current = offset(atMs);
  stretches.push({ startsMs: Number.NEGATIVE_INFINITY, offsetMs: current });
  while (atMs < toMs + 2 * DAY_MS) {
    const nextMs = atMs + LOOK_EVERY_MS;
    const next = offset(nextMs);
    if (next !== current) {
      stretches.push({ startsMs: findChange(offset, atMs, nextMs), offsetMs: next });
      current = next;
    }
    atMs = nextMs;
  }

  const offsetAt = (instantMs: number): number =>
    stretches.findLast(({ startsMs }) => startsMs <= instantMs)?.offsetMs ?? 0;
  return {
    stretches,
    offsetAt,
    firstAt(localMs) {
      for (const [index, { startsMs, offsetMs }] of stretches.entries()) {
        const endsMs = stretches[index + 1]?.startsMs ?? Number.POSITIVE_INFINITY;
        const instantMs = Math.max(startsMs, localMs - offsetMs);
        if (instantMs < endsMs) return instantMs;
      }
      throw new RangeError('The last stretch has no end');
    },
  };
}

/** The first whole second of the second offset. */
function findChange(offset: (instantMs: number) => number, beforeMs: number, afterMs: number): number {
  let [low, high] = [beforeMs / 1000, afterMs / 1000];
  const old = offset(beforeMs);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle * 1000) === old) low = middle;
    else high = middle;
  }
  return Math.floor(high) * 1000;
}

/** @throws RangeError when the name is not in the IANA database, or is an offset, which PostgreSQL reads the other way round */
export function openZone(name: string): Zone {
  if (!/^[A-Za-z]/.test(name)) throw new RangeError(`${name} is no name of a time zone`);
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offset = (instantMs: number): number => {
    const wholeMs = Math.floor(instantMs / 1000) * 1000;
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of format.formatToParts(wholeMs)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - wholeMs;
  };
  return { name, offset };
}
