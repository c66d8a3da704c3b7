import type { Knex } from 'knex';
import { Gauge } from 'prom-client';
import { toAppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { readSetting } from '../platform/settings.ts';
import { timeZoneSetting } from '../platform/time-zone.ts';
import { readReconcileTime } from './billing-settings.ts';
import { checkInvariants, INVARIANTS, type Violation } from './reconcile.ts';
import { repairBooks, type Repair } from './repair.ts';
import { selectRow } from './sql.ts';

export interface Reconciliation {
  /** What was found, before anything was repaired. */
  readonly differences: readonly Violation[];
  readonly repairs: readonly Repair[];
  /** What does not agree now; what no repair can decide is left to people. */
  readonly left: readonly Violation[];
}

interface ReconcileOptions {
  readonly knex: Knex;
  readonly log: Logger;
}

type Cause = 'schedule' | 'operator' | 'repair';

/** Of each kind, so many users are named in the log. */
const USERS_NAMED = 20;

/**
 * Recomputes everything from the ledger and says what differs, user by user. The alarm comes first: the record that the
 * gauge shows, and one line of the log for each kind. Repairs only when asked to; done again it finds nothing to do.
 */
export async function reconcile(
  options: ReconcileOptions,
  { cause, repair }: { readonly cause: 'schedule' | 'operator'; readonly repair: boolean },
): Promise<Reconciliation> {
  const { knex, log } = options;
  const differences = await checkInvariants(knex);
  await record(knex, cause, differences);
  raiseAlarm(log, differences);
  if (!repair || differences.length === 0) return { differences, repairs: [], left: differences };

  const repairs: Repair[] = [];
  for (const userId of new Set(differences.map((difference) => difference.userId))) {
    try {
      const done = await repairBooks(knex, userId);
      if (done) repairs.push(done);
    } catch (error) {
      // One wallet that cannot be put right keeps nobody else's from it.
      log.error({ userId, code: toAppError(error).code, err: error }, 'The books of a user could not be repaired');
    }
  }
  const left = await checkInvariants(knex);
  await record(knex, 'repair', left);
  log.warn({ repaired: repairs.length, left: left.length }, 'Repaired the books');
  return { differences, repairs, left };
}

/**
 * The nightly check, when it is due: the hour has come in the house's time zone, and nobody has done it since. One
 * that was slept through is made up for. To be asked every minute, by one process at a time.
 */
export async function reconcileWhenDue(options: ReconcileOptions): Promise<Reconciliation | undefined> {
  const { knex } = options;
  const due = await selectRow(
    knex,
    `WITH today AS (SELECT (now() AT TIME ZONE :timeZone)::date AS day),
       hours AS (
         SELECT (day - ago + CAST(:time AS time)) AT TIME ZONE :timeZone AS hour FROM today, unnest(ARRAY[0, 1]) AS ago
       )
     SELECT FROM (SELECT max(hour) AS last FROM hours WHERE hour <= now()) l
     WHERE NOT EXISTS (SELECT FROM reconciliations WHERE cause = 'schedule' AND created_at >= l.last)`,
    {
      timeZone: await readSetting(knex, timeZoneSetting),
      time: await readReconcileTime(knex),
    },
  );
  return due === undefined ? undefined : reconcile(options, { cause: 'schedule', repair: false });
}

/** Shows the last check's outcome, whichever process made it, and when the nightly one was last made. */
export function watchReconciliations({ knex, metrics }: { readonly knex: Knex; readonly metrics: Metrics }): void {
  const differences = new Gauge({
    name: 'billing_ledger_differences',
    help: 'Differences in the books at the last check, by kind; anything above 0 needs somebody to look',
    labelNames: ['kind'],
    registers: [],
    async collect() {
      // Without the database the last known value stands; readiness tells of the database.
      const last = await selectRow<{ differences: Record<string, number> }>(
        knex,
        'SELECT differences FROM reconciliations ORDER BY id DESC LIMIT 1',
        {},
      ).catch(() => undefined);
      if (last) for (const kind of INVARIANTS) this.set({ kind }, last.differences[kind] ?? 0);
    },
  });
  const reconciledAt = new Gauge({
    name: 'billing_reconciled_timestamp_seconds',
    help: 'When the nightly check of the books was last made',
    registers: [],
    async collect() {
      const last = await selectRow<{ seconds: string | null }>(
        knex,
        `SELECT extract(epoch FROM max(created_at)) AS seconds FROM reconciliations WHERE cause = 'schedule'`,
        {},
      ).catch(() => undefined);
      if (last?.seconds !== undefined && last.seconds !== null) this.set(Number(last.seconds));
    },
  });
  metrics.registerMetric(differences);
  metrics.registerMetric(reconciledAt);
}

async function record(knex: Knex, cause: Cause, differences: readonly Violation[]): Promise<void> {
  const counts = new Map<string, number>();
  for (const { rule } of differences) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  await knex('reconciliations').insert({ cause, differences: JSON.stringify(Object.fromEntries(counts)) });
}

function raiseAlarm(log: Logger, differences: readonly Violation[]): void {
  for (const [kind, ofKind = []] of Object.entries(Object.groupBy(differences, ({ rule }) => rule))) {
    const users = [...new Set(ofKind.map(({ userId }) => userId))];
    log.error(
      { kind, differences: ofKind.length, users: users.length, userIds: users.slice(0, USERS_NAMED) },
      'The books do not agree',
    );
  }
}
