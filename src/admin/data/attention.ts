import type { Knex } from 'knex';
import type { Analytics } from '../../analytics/index.ts';
import type { Queues } from '../../jobs/index.ts';
import type { Logger } from '../../platform/log.ts';
import { readNodes } from './read-live.ts';

/** What somebody should look at. Counts and names of parts only: no person is in it. */
export interface Concern {
  readonly code: (typeof CONCERNS)[number];
  readonly severity: 'error' | 'warning';
  readonly count: number;
  /** Of what it is made up: queues, kinds of difference, engines, nodes. */
  readonly parts: readonly { readonly name: string; readonly count: number }[];
}

export const CONCERNS = [
  'books_differ',
  'books_unchecked',
  'payments_undecided',
  'erasures_late',
  'jobs_dead',
  'jobs_waiting',
  'engines_failed',
  'engines_replaced',
  'calls_lost',
  'no_media_node',
  'media_full',
  'nodes_silent',
  'figures_late',
] as const;

/** What can be asked, each by itself: one that does not answer hides none of the others. */
export const CHECKS = ['books', 'payments', 'erasures', 'queues', 'engines', 'media', 'figures'] as const;
export type Check = (typeof CHECKS)[number];

export interface Attention {
  readonly concerns: readonly Concern[];
  /** What could not be asked. */
  readonly unchecked: readonly Check[];
}

export interface AttentionOptions {
  readonly knex: Knex;
  readonly log: Logger;
  readonly queues: Pick<Queues, 'counts'>;
  readonly analytics: Pick<Analytics, 'lag'>;
}

/** A job that could be done now should not wait so long. */
const LONG_WAIT_SEC = 300;
/** Figures are rolled up every minute. */
const LATE_FIGURES_SEC = 900;
/** The check is nightly. */
const UNCHECKED_DAYS = 2;
/** What deleted users left is erased within minutes, or an hour after a process that died. */
const LATE_ERASURE_HOURS = 3;

export async function readAttention(options: AttentionOptions): Promise<Attention> {
  const checks: Readonly<Record<Check, () => Promise<readonly Concern[]>>> = {
    books: () => readBooks(options.knex),
    payments: () => readPayments(options.knex),
    erasures: () => readErasures(options.knex),
    queues: () => readQueues(options.queues),
    engines: () => readCallTroubles(options.knex),
    media: () => readMedia(options.knex),
    figures: () => readFigures(options.analytics),
  };
  const answers = await Promise.all(
    CHECKS.map(async (check) => {
      try {
        return { check, concerns: await checks[check]() };
      } catch (error) {
        options.log.warn({ check, err: error }, 'What needs attention could not be asked');
        return { check, concerns: undefined };
      }
    }),
  );
  const concerns = answers.flatMap(({ concerns: found = [] }) => found);
  return {
    concerns: [
      ...concerns.filter(({ severity }) => severity === 'error'),
      ...concerns.filter(({ severity }) => severity === 'warning'),
    ],
    unchecked: answers.flatMap((answer) => (answer.concerns === undefined ? [answer.check] : [])),
  };
}

async function readBooks(knex: Knex): Promise<Concern[]> {
  const last: { differences: Readonly<Record<string, number>> } | undefined = await knex('reconciliations')
    .orderBy('id', 'desc')
    .first('differences');
  // A house that has not seen its first night.
  if (last === undefined) return [];
  const { rows } = await knex.raw<{ readonly rows: { readonly late: boolean | null }[] }>(
    `SELECT max(created_at) < now() - make_interval(days => :days) AS late FROM reconciliations
     WHERE cause = 'schedule'`,
    { days: UNCHECKED_DAYS },
  );
  const parts = partsOf(last.differences);
  return [
    ...concernOf('books_differ', 'error', parts),
    ...(rows[0]?.late === true ? [alone('books_unchecked', 'warning')] : []),
  ];
}

/** Money that was taken and credited to nobody. */
async function readPayments(knex: Knex): Promise<Concern[]> {
  const reasons: { name: string; count: number }[] = await knex('payments')
    .where('status', 'mismatch')
    .groupBy('reason')
    .orderBy('count', 'desc')
    .select({ name: 'reason' }, knex.raw('count(*)::integer AS count'));
  return concernOf('payments_undecided', 'error', reasons);
}

async function readErasures(knex: Knex): Promise<Concern[]> {
  const late: { count: number } | undefined = await knex('account_deletions')
    .whereNull('erased_at')
    .whereRaw('created_at < now() - make_interval(hours => ?)', [LATE_ERASURE_HOURS])
    .first(knex.raw('count(*)::integer AS count'));
  const count = late?.count ?? 0;
  return count === 0 ? [] : [{ code: 'erasures_late', severity: 'error', count, parts: [] }];
}

async function readQueues(queues: Pick<Queues, 'counts'>): Promise<Concern[]> {
  const counts = await queues.counts();
  const dead = counts.map(({ queue, dead: count }) => ({ name: queue, count }));
  const waiting = counts
    .filter(({ oldestWaitingSec }) => oldestWaitingSec > LONG_WAIT_SEC)
    .map(({ queue, waiting: ready, delayed }) => ({ name: queue, count: Math.max(1, ready || delayed) }));
  return [...concernOf('jobs_dead', 'error', dead.filter(hasAny)), ...concernOf('jobs_waiting', 'warning', waiting)];
}

/** Of the last 24 hours. */
async function readCallTroubles(knex: Knex): Promise<Concern[]> {
  const { rows } = await knex.raw<{
    readonly rows: { readonly trouble: string; readonly name: string; readonly count: number }[];
  }>(
    // Ids begin with the moment at which they were made, and the index is theirs; no call lasts a day.
    `WITH recent AS MATERIALIZED (
       SELECT end_reason, ended_at, engines FROM calls
       WHERE id > :since::uuid AND coalesce(ended_at, now()) > now() - interval '1 day'
     )
     SELECT 'ended' AS trouble, end_reason AS name, count(*)::integer AS count FROM recent
     WHERE end_reason IN ('engine_failed', 'node_lost', 'worker_died') GROUP BY end_reason
     UNION ALL
     SELECT 'replaced', change ->> 'from', count(*)::integer
     FROM recent, jsonb_array_elements(coalesce(engines -> 'changes', '[]')) change GROUP BY 2
     ORDER BY count DESC, name`,
    { since: firstIdOf(Date.now() - 2 * 86_400_000) },
  );
  const of = (trouble: string): { name: string; count: number }[] =>
    rows.flatMap((row) => (row.trouble === trouble ? [{ name: row.name, count: row.count }] : []));
  const ended = of('ended');
  return [
    ...concernOf(
      'engines_failed',
      'error',
      ended.filter(({ name }) => name === 'engine_failed'),
    ),
    ...concernOf(
      'calls_lost',
      'error',
      ended.filter(({ name }) => name !== 'engine_failed'),
    ),
    ...concernOf('engines_replaced', 'warning', of('replaced')),
  ];
}

async function readMedia(knex: Knex): Promise<Concern[]> {
  const nodes = await readNodes(knex);
  const open = nodes.filter(({ fresh, draining }) => fresh && !draining);
  const silent = nodes.filter(({ fresh }) => !fresh).map(({ node_id: name }) => ({ name, count: 1 }));
  return [
    ...(open.length === 0 ? [alone('no_media_node', 'error')] : []),
    ...(open.length > 0 && open.every(({ load, capacity }) => load >= capacity) ? [alone('media_full', 'error')] : []),
    ...concernOf('nodes_silent', 'warning', silent),
  ];
}

async function readFigures(analytics: Pick<Analytics, 'lag'>): Promise<Concern[]> {
  const { seconds } = await analytics.lag();
  return seconds > LATE_FIGURES_SEC ? [alone('figures_late', 'warning')] : [];
}

function alone(code: Concern['code'], severity: Concern['severity']): Concern {
  return { code, severity, count: 1, parts: [] };
}

function concernOf(code: Concern['code'], severity: Concern['severity'], parts: Concern['parts']): Concern[] {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  return count === 0 ? [] : [{ code, severity, count, parts }];
}

function partsOf(counts: Readonly<Record<string, number>>): Concern['parts'] {
  return Object.entries(counts)
    .map(([name, count]) => ({ name, count }))
    .filter(hasAny);
}

function hasAny({ count }: { readonly count: number }): boolean {
  return count > 0;
}

/** The least UUID of version 7 that could have been made then (RFC 9562, section 5.7). */
function firstIdOf(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
