import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openFiguresHouse, type FiguresHouse } from '../testing/figures-house.ts';
import { fc } from '../testing/properties.ts';
import { catchUp, insertLedgerRow, insertSession, type StoredSession } from '../testing/stored-usage.ts';
import { RANGE_ERRORS } from './revenue-routes.ts';

/** Days with changes of the clock in Lord Howe (5 October), Berlin and Moscow's neighbours (26 October), New York. */
const SINCE_MS = Date.UTC(2025, 9, 1);
const UNTIL_MS = Date.UTC(2025, 10, 20);
const ENGINES = ['local', 'yandex', 'openai+yandex'] as const;
const LANGUAGES = ['en', 'ru'] as const;

const moment = fc.integer({ min: SINCE_MS / 1000, max: UNTIL_MS / 1000 }).map((seconds) => seconds * 1000);
const zones = fc.oneof(
  // Half an hour off, three quarters, half an hour of summer time, the house's own.
  fc.constantFrom('Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/New_York', 'Europe/Moscow'),
  fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
);

/** What anybody could write into the address: mostly what is understood. */
const odd = fc.oneof(fc.constantFrom('', '*', 'no\u0000thing', '%'), fc.string({ unit: 'binary', maxLength: 12 }));
const mostly = (understood: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 9, arbitrary: understood }, { weight: 1, arbitrary: odd });
const days = {
  from_date: mostly(
    fc.constantFrom('2025-10-26', '2025-03-30T02:30', '2025-10-05T02:15:00.5Z', '2025-10-01T10:07:00 05:45'),
  ),
  to_date: mostly(
    fc.oneof(
      fc.constantFrom('2025-10-26', '2025-11-31', '2000-01-01', '2099-12-31', '2025-10-26T10:07:00+14:00'),
      moment.map((ms) => new Date(ms).toISOString()),
    ),
  ),
};
const questions = fc.oneof(
  fc.tuple(fc.constantFrom('latency', 'engines'), fc.record(days, { requiredKeys: [] })),
  fc.tuple(
    fc.constant('revenue/minutes'),
    fc.record(
      {
        ...days,
        group_by: mostly(fc.constantFrom('hour', 'day')),
        time_zone: mostly(zones),
        engine: mostly(fc.constantFrom(...ENGINES)),
        language: mostly(fc.constantFrom(...LANGUAGES)),
        compare: mostly(fc.constant('previous')),
        breakdown: mostly(fc.constantFrom('engine', 'language')),
      },
      { requiredKeys: [] },
    ),
  ),
);

const asked = fc.record({
  fromMs: moment,
  /** To the millisecond, to the quarter, to the hour. */
  unitMs: fc.constantFrom(1, 900_000, 3_600_000),
  lengthMs: fc.integer({ min: 0, max: 20 * 86_400_000 }),
  zone: zones,
  engine: fc.option(fc.constantFrom(...ENGINES), { nil: undefined }),
  language: fc.option(fc.constantFrom(...LANGUAGES), { nil: undefined }),
});

const SUMS = ['sessions_count', 'total_minutes', 'total_revenue', 'recognized_revenue', 'talked_seconds'] as const;
const CREDITS = ['gifts_count', 'gifts_minutes'] as const;

function sumsOf(parts: readonly Readonly<Record<string, unknown>>[], names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    names.map((name) => [name, parts.reduce((sum, part) => sum + Math.round(Number(part[name]) * 100), 0) / 100]),
  );
}

describe('any question for figures', () => {
  const ends: (() => unknown)[] = [];
  const sessions: (StoredSession & { readonly at: Date })[] = [];
  const gifts: Date[] = [];
  let house: FiguresHouse;

  before(async () => {
    house = await openFiguresHouse({ after: (end: () => unknown) => void ends.push(end) });
    const { knex, analytics, ann, bob } = house;
    // Uneven steps, so that every quarter of the hour is met.
    for (let n = 0; n < 90; n += 1) {
      const at = new Date(SINCE_MS + ((n * 47_111_317) % (UNTIL_MS - SINCE_MS)));
      const session = {
        payer: n % 3 === 0 ? ann : bob,
        at,
        minutes: 1 + (n % 7),
        engine: ENGINES[n % 3] ?? 'local',
        language: LANGUAGES[n % 2] ?? 'en',
      };
      sessions.push(session);
      await insertSession(knex, session);
      if (n % 4 > 0) continue;
      gifts.push(at);
      await insertLedgerRow(knex, { userId: ann.userId, type: 'gift', minutes: 5, at });
    }
    await catchUp(analytics);
    // What is not in the figures yet is in none of them.
    for (let n = 0; n < 5; n += 1) {
      const at = new Date(SINCE_MS + n * 7 * 86_400_000 + 2_000_000);
      await insertSession(knex, { payer: ann, at, minutes: 50, engine: 'local' });
      await insertLedgerRow(knex, { userId: ann.userId, type: 'gift', minutes: 5, at });
    }
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  it('is answered or refused, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(questions, async ([place, query]) => {
        const { status, body } = await house.get(`${place}?${new URLSearchParams(Object.entries(query)).toString()}`);
        if (status === 200) return;
        assert.equal(status, 400);
        assert.ok(['request_invalid', ...RANGE_ERRORS].includes(String(body['code'])), String(body['code']));
      }),
      { numRuns: 80 },
    );
  });

  it('comes to the sums of the rows behind it, by any grain, in any zone', async () => {
    await fc.assert(
      fc.asyncProperty(asked, async ({ fromMs: anyMs, unitMs, lengthMs, zone, engine, language }) => {
        const fromMs = anyMs - (anyMs % unitMs);
        const toMs = fromMs + lengthMs - (lengthMs % unitMs);
        const query = new URLSearchParams({
          from_date: new Date(fromMs).toISOString(),
          to_date: new Date(toMs).toISOString(),
          time_zone: zone,
          compare: 'previous',
          breakdown: 'engine',
          ...(engine && { engine }),
          ...(language && { language }),
        });
        const behind = sessions.filter(
          (row) =>
            row.at.getTime() >= fromMs &&
            row.at.getTime() < toMs &&
            (engine === undefined || row.engine === engine) &&
            (language === undefined || row.language === language),
        );
        const minutes = behind.reduce((sum, row) => sum + row.minutes, 0);
        const expected = {
          sessions_count: behind.length,
          total_minutes: minutes,
          total_revenue: minutes * 5,
          recognized_revenue: minutes * 4,
          talked_seconds: minutes * 60,
        };
        const given = gifts.filter((at) => at.getTime() >= fromMs && at.getTime() < toMs).length;
        const credits = { gifts_count: given, gifts_minutes: given * 5 };
        const callers = new Set(behind.map(({ payer }) => payer)).size;

        const earlier: unknown[] = [];
        for (const grouping of ['day', 'hour']) {
          const { buckets, totals, breakdown, previous } = await house.revenue(
            `${query.toString()}&group_by=${grouping}`,
          );
          assert.deepEqual(sumsOf([totals], SUMS), expected, grouping);
          assert.deepEqual(sumsOf(buckets, SUMS), expected, grouping);
          assert.deepEqual(sumsOf(breakdown as Record<string, unknown>[], SUMS), expected, grouping);
          assert.deepEqual(sumsOf([totals], CREDITS), credits, grouping);
          assert.deepEqual(sumsOf(buckets, CREDITS), credits, grouping);
          assert.equal(totals['unique_callers'], callers, grouping);
          earlier.push(previous);
        }
        const [previous, other] = earlier as { from: string; to: string; totals: Record<string, unknown> }[];
        assert.deepEqual(previous, other);
        query.set('from_date', previous?.from ?? '');
        query.set('to_date', previous?.to ?? '');
        assert.deepEqual((await house.revenue(`${query.toString()}&group_by=day`)).totals, previous?.totals);
      }),
      { numRuns: 30 },
    );
  });
});
