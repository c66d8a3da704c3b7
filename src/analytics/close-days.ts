import type { Knex } from 'knex';
import { cutIntoBuckets } from './buckets.ts';
import { toFiguresAnswer } from './figures-answer.ts';
import { openZone, type Zone } from './local-time.ts';
import { readRevenue } from './revenue.ts';
import { selectOne, selectRows } from './sql.ts';

const DAY_MS = 86_400_000;
/** Days read at once: a first close may have years behind it. */
const AT_ONCE = 100;

/**
 * Keeps the figures of each day that is over, once: what becomes known later changes the day's figures, but not these.
 * Days go on from where the last closed one ended, also after the zone was changed. Answers how many were closed.
 */
export async function closeDays(
  knex: Knex,
  { now, timeZone }: { readonly now: Date; readonly timeZone: string },
): Promise<number> {
  const { closed, first } = await selectOne<{ closed: Date | null; first: Date | null }>(
    knex,
    `SELECT (SELECT max(ends_at) FROM closed_days) AS closed,
       least((SELECT min(period) FROM revenue_hourly), (SELECT min(period) FROM credits_hourly)) AS first`,
  );
  const since = closed ?? first;
  if (since === null) return 0;
  const zone = openZone(timeZone);
  const open = cutIntoBuckets({ fromMs: since.getTime() - 2 * DAY_MS, toMs: now.getTime(), zone }, 'day').filter(
    ({ whole, startsMs, endsMs }) => whole && endsMs > since.getTime() && startsMs >= (closed?.getTime() ?? 0),
  );
  let count = 0;
  for (let index = 0; index < open.length; index += AT_ONCE) {
    count += await keep(knex, open.slice(index, index + AT_ONCE), zone);
  }
  return count;
}

async function keep(knex: Knex, days: ReturnType<typeof cutIntoBuckets>, zone: Zone): Promise<number> {
  const { buckets } = await readRevenue(knex, {
    range: { fromMs: days[0]?.startsMs ?? 0, toMs: days.at(-1)?.endsMs ?? 0, zone },
    grouping: 'day',
    filter: {},
    compare: false,
  });
  const rows = await selectRows(
    knex,
    `INSERT INTO closed_days (starts_at, ends_at, day, time_zone, figures)
     SELECT starts_at, ends_at, day, :timeZone, figures
     FROM jsonb_to_recordset(:days::jsonb) AS d (starts_at timestamptz, ends_at timestamptz, day date, figures jsonb)
     ON CONFLICT (starts_at) DO NOTHING RETURNING starts_at`,
    {
      timeZone: zone.name,
      days: JSON.stringify(
        buckets.map(({ bucket, figures }) => ({
          starts_at: new Date(bucket.startsMs).toISOString(),
          ends_at: new Date(bucket.endsMs).toISOString(),
          day: bucket.label.slice(0, 10),
          figures: toFiguresAnswer(figures),
        })),
      ),
    },
  );
  return rows.length;
}
