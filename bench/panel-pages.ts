import { parseArgs } from 'node:util';
import { createAnalytics } from '../src/analytics/index.ts';
import { createSilentLogger } from '../src/platform/log.ts';
import { stockFigures } from '../src/testing/figures-stock.ts';
import { startProduct } from '../test/e2e/product.ts';
import { boundOfShare, bucketsBetween } from './calls/metrics-text.ts';
import { percentile } from './calls/percentiles.ts';
import { formatTable, type Row } from './calls/report.ts';
import { runCalls, type RunResult } from './calls/run.ts';
import { ADMIN, askPage, PAGES, pagesBeside, signIn, TOLD_ONLY, vacuum, webProcessMebibytes } from './panel/visit.ts';

/**
 * `./ailingva bench panel-pages`: how long the panel's own pages take to have all their data, in the whole product with a
 * year of a hundred thousand learners; how large the web process is after it; and what calls notice of somebody who
 * looks at those pages without a pause.
 */

const SLOWEST_P95_MS = 500;
const LARGEST_RSS_MIB = 400;
const MOST_MOVED_MS = 2;

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '100000' },
    sessions: { type: 'string', default: '900000' },
    requests: { type: 'string', default: '40' },
    calls: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '30' },
  },
});
const [users, sessions, requests, calls, seconds] = [
  values.users,
  values.sessions,
  values.requests,
  values.calls,
  values.seconds,
].map(Number) as [number, number, number, number, number];

const say = (text: string): void => void process.stderr.write(`${text}\n`);
for (const measure of [measurePages, ...(calls > 0 ? [measureCalls] : [])]) {
  const rows = await measure();
  process.stdout.write(`${formatTable(rows)}\n`);
  if (rows.some(({ value, atMost }) => atMost !== undefined && value > atMost)) process.exitCode = 1;
}

async function measurePages(): Promise<Row[]> {
  const closing: (() => Promise<void> | void)[] = [];
  try {
    const product = await startProduct(
      { after: (close) => void closing.unshift(close) },
      { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password, LOG_LEVEL: 'warn' },
    );
    const { knex, url } = product.database;
    const days = 365;
    say(`${users} learners, ${sessions} sessions …`);
    await stockFigures({
      url,
      days,
      learners: users,
      sessionsPerDay: Math.ceil(sessions / days),
      turnsPerSession: 5,
      turnsEvery: 20,
    });
    await createAnalytics({ knex, log: createSilentLogger() }).rebuild();
    await vacuum(url);
    const ledger = await knex('wallet_transactions').count<{ count: number | string }[]>({ count: '*' });
    const cookie = await signIn(product.url);
    const rows: Row[] = [{ name: 'rows of the ledger', value: Number(ledger[0]?.count), unit: '' }];
    for (const [name, addresses] of Object.entries(PAGES)) {
      const taken: number[] = [];
      for (let request = 0; request < requests; request += 1) {
        const startedAt = performance.now();
        await askPage(product.url, addresses, cookie);
        taken.push(performance.now() - startedAt);
      }
      rows.push(
        { name: `${name}, p50`, value: percentile(taken, 0.5), unit: 'ms' },
        {
          name: `${name}, p95`,
          value: percentile(taken, 0.95),
          unit: 'ms',
          ...(!TOLD_ONLY.has(name) && { atMost: SLOWEST_P95_MS }),
        },
        { name: `${name}, web process after it`, value: await webProcessMebibytes(product.pid), unit: 'MiB' },
      );
    }
    rows.push({
      name: 'web process',
      value: await webProcessMebibytes(product.pid),
      unit: 'MiB',
      atMost: LARGEST_RSS_MIB,
    });
    return rows;
  } finally {
    for (const close of closing) await close();
  }
}

/** The same calls twice: alone, and beside the pages. */
async function measureCalls(): Promise<Row[]> {
  Object.assign(process.env, { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password });
  const options = { calls, seconds, callerProcesses: 1, concurrency: 1, sampleRate: 22_050, answerMs: 7_000, say };
  const alone = await runCalls(options);
  let asked = 0;
  const beside = await runCalls({ ...options, beside: pagesBeside(() => (asked += 1)) });
  const [sentAlone, sentBeside] = [sentLateP99(alone), sentLateP99(beside)];
  return [
    { name: 'pages asked for beside the calls', value: asked / seconds, unit: 'a second' },
    { name: 'sent late, calls alone, p99 at most', value: sentAlone, unit: 'ms' },
    { name: 'sent late, beside the pages, p99 at most', value: sentBeside, unit: 'ms' },
    { name: 'moved by', value: sentBeside - sentAlone, unit: 'ms', atMost: MOST_MOVED_MS },
    // The callers share the cores with what they measure, and give way to it.
    { name: 'off the grid at the callers, alone, p99', value: gridP99(alone), unit: 'ms' },
    { name: 'off the grid at the callers, beside the pages, p99', value: gridP99(beside), unit: 'ms' },
  ];
}

/** By the pacer's own account: what the machine does to the callers is not in it. */
function sentLateP99({ metricsAtBegin, metricsAtEnd }: RunResult): number {
  return 1_000 * boundOfShare(bucketsBetween(metricsAtBegin, metricsAtEnd, 'media_pacer_lateness_seconds'), 0.99);
}

function gridP99({ measured }: RunResult): number {
  return percentile(
    measured.flatMap(({ gridDistancesMs }) => gridDistancesMs),
    0.99,
  );
}
