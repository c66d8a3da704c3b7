import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { migrate } from '../src/platform/migrate.ts';
import { startTestRedis } from '../src/testing/redis-server.ts';
import { startTestPostgres } from '../src/testing/test-postgres.ts';
import { percentile } from './calls/percentiles.ts';
import { formatTable, round, type Row } from './calls/report.ts';
import { endCalls, type Outcome } from './jobs/run.ts';

/**
 * `./ailingva bench jobs`: how long after its end a call is charged, while so many end in a second: with the queues in
 * PostgreSQL, and in Redis. The calls end here, as in a media process; the jobs process is the real one, with the sweep
 * and all its other work. The times are the database's: from `calls.ended_at` to `calls.finalized_at`.
 */

const USAGE = 'Usage: ./ailingva bench jobs [--rate ENDS_PER_SECOND] [--seconds S] [--stores postgres,redis]';

/** Ended to finalized. */
const MOST_P99_MS = 2_000;

class UsageError extends Error {}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        rate: { type: 'string', default: '50' },
        seconds: { type: 'string', default: '20' },
        stores: { type: 'string', default: 'postgres,redis' },
      },
    });
    const rate = Number(values.rate);
    const seconds = Number(values.seconds);
    if (![rate, seconds].every((value) => Number.isInteger(value) && value >= 1 && value <= 10_000)) {
      throw new UsageError('--rate and --seconds are whole numbers');
    }
    const stores = values.stores.split(',');
    if (!stores.every((store) => store === 'postgres' || store === 'redis')) {
      throw new UsageError('--stores are postgres, redis, or both');
    }
    return { rate, seconds, stores };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A database of its own for each store, and whatever else it needs; all of it goes again. */
async function measure(store: string, rate: number, seconds: number): Promise<Outcome> {
  const closing: (() => unknown)[] = [];
  try {
    const postgres = await startTestPostgres();
    closing.push(() => postgres.stop());
    await migrate(postgres.url);
    const redis =
      store === 'redis' ? await startTestRedis({ after: (close) => closing.push(close as () => unknown) }) : undefined;
    return await endCalls({ databaseUrl: postgres.url, redisUrl: redis?.url, rate, seconds });
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

async function main(): Promise<void> {
  const { rate, seconds, stores } = readOptions();
  const [loadBefore = 0] = loadavg();
  const figures: Record<string, number> = {};
  const rows: Row[] = [];
  for (const store of stores) {
    const { waitedMs, unfinished, refused } = await measure(store, rate, seconds);
    const p99 = percentile(waitedMs, 0.99);
    rows.push(
      { name: `${store}: calls charged`, value: waitedMs.length, unit: '' },
      { name: `${store}: p50 from end to charge`, value: percentile(waitedMs, 0.5), unit: 'ms' },
      { name: `${store}: p99 from end to charge`, value: p99, unit: 'ms', atMost: MOST_P99_MS },
      { name: `${store}: longest`, value: Math.max(...waitedMs), unit: 'ms' },
      { name: `${store}: not put into the queue`, value: refused, unit: '', atMost: 0 },
      { name: `${store}: not charged`, value: unfinished, unit: '', atMost: 0 },
    );
    figures[`${store}_p50_ms`] = round(percentile(waitedMs, 0.5));
    figures[`${store}_p99_ms`] = round(p99);
    figures[`${store}_lost`] = unfinished;
    if (unfinished > 0 || p99 > MOST_P99_MS) process.exitCode = 1;
  }
  const cores = cpus().length;
  const about = `${rate} ends a second for ${seconds} s, ${cores} cores (load before: ${loadBefore.toFixed(1)})`;
  process.stdout.write(`\n${about}\n\n${formatTable(rows)}\n\n`);
  process.stdout.write(
    `${JSON.stringify({ bench: 'jobs', cores, load_before: round(loadBefore), rate, ...figures })}\n`,
  );
}

// Lets what belongs to this process be taken down with it.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
