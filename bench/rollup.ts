import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startTestPostgres } from '../src/testing/test-postgres.ts';
import { median, percentile } from './calls/percentiles.ts';
import { formatTable, round, type Row } from './calls/report.ts';
import { FIRST_DAY, LAST_DAY } from './rollup/books.ts';
import { openProduct, type Product } from './rollup/product.ts';

/**
 * `./ailingva bench rollup`: how fast the figures catch up with a year of sessions that nobody has rolled up yet, and how
 * fast they are answered over HTTP then. The same questions are put, in turns, to a database with a hundredth of the
 * sessions: the figures' cost should be that of the buckets, not of the rows behind them.
 */

const LEAST_ROWS_PER_SECOND = 200_000;
const MOST_P99_MS = 20;
const MOST_RATIO = 1.5;

const YEAR = `from_date=${FIRST_DAY}&to_date=${LAST_DAY}&group_by=day`;
const MONTH = 'from_date=2025-10-01&to_date=2025-10-31&group_by=hour';
/** Held to the target: the house's zone, and the hours of any zone that is whole hours off. */
const QUESTIONS = { 'A year by day': YEAR, 'A month by hour': MONTH } as const;
/** Only told: zones whose days, or hours, are put together of hours and quarters of hours. */
const HARDER = {
  'A year by day, New York': `${YEAR}&time_zone=America/New_York`,
  'A year by day, Kolkata': `${YEAR}&time_zone=Asia/Kolkata`,
  'A year by hour, Kathmandu': `from_date=${FIRST_DAY}&to_date=${LAST_DAY}&group_by=hour&time_zone=Asia/Kathmandu`,
  'A month by hour, Kathmandu': `${MONTH}&time_zone=Asia/Kathmandu`,
  'A year by day, with engines': `${YEAR}&breakdown=engine&compare=previous`,
} as const;

function readOptions() {
  const { values } = parseArgs({
    options: {
      sessions: { type: 'string', default: '2000000' },
      accounts: { type: 'string', default: '10000' },
      requests: { type: 'string', default: '300' },
    },
  });
  const [sessions = 0, accounts = 0, requests = 0] = [values.sessions, values.accounts, values.requests].map(Number);
  if (![sessions, accounts, requests].every((value) => Number.isInteger(value) && value >= 100)) {
    throw new RangeError(
      'Usage: ./ailingva bench rollup [--sessions N] [--accounts N] [--requests N]: whole numbers from 100',
    );
  }
  return { sessions, accounts, requests };
}

/** Both in turns, so that the noise of a shared machine meets both. */
async function askBoth(large: Product, small: Product, query: string, requests: number) {
  for (let warmUp = 0; warmUp < 20; warmUp += 1) await Promise.all([large.ask(query), small.ask(query)]);
  const times = { large: [] as number[], small: [] as number[] };
  for (let n = 0; n < requests; n += 1) {
    times.large.push(await large.ask(query));
    times.small.push(await small.ask(query));
  }
  return times;
}

async function run(onClose: (close: () => Promise<void>) => void): Promise<void> {
  const { sessions, accounts, requests } = readOptions();
  const [loadBefore = 0] = loadavg();
  const postgres = await startTestPostgres();
  onClose(() => postgres.stop());
  const small = await openProduct(await secondDatabase(postgres.url), { accounts, sessions: sessions / 100 });
  onClose(() => small.close());
  const large = await openProduct(postgres.url, { accounts, sessions });
  onClose(() => large.close());

  await small.analytics.rollUp();
  const startedAt = performance.now();
  const caughtUp = await large.analytics.rollUp();
  const seconds = (performance.now() - startedAt) / 1000;
  // What a house of some age has: each day's figures a second time, as they were when it was closed.
  for (const { analytics } of [small, large]) await analytics.closeDays(new Date(`${LAST_DAY}T23:59:59Z`));
  if (caughtUp.sessions !== sessions) throw new Error(`Added ${caughtUp.sessions} sessions of ${sessions}`);

  const rows: Row[] = [
    { name: 'Sessions', value: sessions, unit: '' },
    { name: 'Catch-up', value: caughtUp.sessions / seconds, unit: 'rows/s', atLeast: LEAST_ROWS_PER_SECOND },
  ];
  const figures: Record<string, number> = { sessions, catch_up_rows_per_second: caughtUp.sessions / seconds };
  for (const [name, query] of Object.entries(QUESTIONS)) {
    const { large: many, small: few } = await askBoth(large, small, query, requests);
    const ratio = median(many) / median(few);
    rows.push(
      { name: `${name}: p50`, value: median(many), unit: 'ms' },
      { name: `${name}: p99`, value: percentile(many, 0.99), unit: 'ms', atMost: MOST_P99_MS },
      { name: `${name}: beside ${sessions / 100} sessions`, value: ratio, unit: 'times', atMost: MOST_RATIO },
    );
    const key = name.toLowerCase().replaceAll(/\W+/g, '_');
    figures[`${key}_p50_ms`] = median(many);
    figures[`${key}_p99_ms`] = percentile(many, 0.99);
    figures[`${key}_ratio`] = ratio;
  }
  for (const [name, query] of Object.entries(HARDER)) {
    const times: number[] = [];
    for (let n = 0; n < 10; n += 1) times.push(await large.ask(query));
    rows.push({ name: `${name}: p50`, value: median(times), unit: 'ms' });
  }
  const cores = cpus().length;
  process.stdout.write(`\n${accounts} accounts, ${cores} cores (load before: ${loadBefore.toFixed(1)})\n\n`);
  process.stdout.write(`${formatTable(rows)}\n\n`);
  const rounded = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value)]));
  process.stdout.write(`${JSON.stringify({ bench: 'rollup', cores, load_before: loadBefore, ...rounded })}\n`);
}

/** Goes with the server. */
async function secondDatabase(firstUrl: string): Promise<string> {
  const url = new URL(firstUrl);
  const client = new pg.Client({ connectionString: firstUrl });
  await client.connect();
  await client.query('CREATE DATABASE small_year');
  await client.end();
  url.pathname = '/small_year';
  return url.href;
}

async function main(): Promise<void> {
  const closing: (() => Promise<void>)[] = [];
  try {
    await run((close) => closing.push(close));
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

// Lets what belongs to this process be taken down with it.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
try {
  await main();
} catch (error) {
  if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
