import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createAnalytics } from '../src/analytics/index.ts';
import { createSilentLogger } from '../src/platform/log.ts';
import { stockFigures } from '../src/testing/figures-stock.ts';
import { startProduct } from '../test/e2e/product.ts';
import { median, percentile } from './calls/percentiles.ts';
import { formatTable, type Row } from './calls/report.ts';
import { runCalls } from './calls/run.ts';
import {
  ADMIN,
  askPage,
  openPanelBeside,
  PAGES,
  signIn,
  TOLD_ONLY,
  vacuum,
  webProcessMebibytes,
} from './panel/visit.ts';

/**
 * `./ailingva bench panel-pages`: how long the panel's own pages take to have all their data, in the whole product with a
 * year of a hundred thousand learners; how large the web process is after it; and what calls notice of somebody who
 * looks at those pages without a pause.
 */

const SLOWEST_P95_MS = 500;
const LARGEST_RSS_MIB = 400;
const MOST_MOVED_MS = 2;
/** Long enough for each kind of page, short enough for a machine that others use to be the same in a pair. */
const STRETCH_S = 5;
const WARM_UP_MS = 4_000;

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '100000' },
    sessions: { type: 'string', default: '900000' },
    requests: { type: 'string', default: '40' },
    calls: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '80' },
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
for (const measure of [...(users > 0 ? [measurePages] : []), ...(calls > 0 ? [measureCalls] : [])]) {
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

/**
 * The same calls, alone and beside the pages by turns: quiet, pages, pages, quiet, and so on. The two of a pair lie next to each
 * other in time, so what else the machine does is in both, and the median of their differences is what the pages do.
 */
async function measureCalls(): Promise<Row[]> {
  Object.assign(process.env, { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password });
  const pairs = Math.max(1, Math.round(seconds / 2 / STRETCH_S));
  const alone: (readonly number[])[] = [];
  const beside: (readonly number[])[] = [];
  let asked = 0;
  await runCalls({
    calls,
    seconds,
    callerProcesses: 1,
    concurrency: 1,
    sampleRate: 22_050,
    answerMs: 7_000,
    say,
    async during(product) {
      const look = await openPanelBeside(product);
      await look(WARM_UP_MS);
      for (let pair = 0; pair < pairs; pair += 1) {
        for (const looks of pair % 2 === 0 ? [false, true] : [true, false]) {
          await product.latenessMs();
          if (looks) asked += await look(STRETCH_S * 1_000);
          else await wait(STRETCH_S * 1_000);
          (looks ? beside : alone).push(await product.latenessMs());
        }
      }
    },
  });
  const rows = [0.5, 0.95, 0.99].flatMap((share): Row[] => {
    const [quiet, loud] = [alone, beside].map((stretches) => stretches.map((stretch) => percentile(stretch, share)));
    const moved = (loud ?? []).map((value, pair) => value - (quiet?.[pair] ?? Number.NaN));
    const name = `p${share * 100}`;
    return [
      { name: `sent late, calls alone, ${name}`, value: percentile(alone.flat(), share), unit: 'ms' },
      { name: `sent late, beside the pages, ${name}`, value: percentile(beside.flat(), share), unit: 'ms' },
      {
        name: `${name} moved by, median of ${pairs} pairs`,
        value: median(moved),
        unit: 'ms',
        ...(share === 0.99 && { atMost: MOST_MOVED_MS }),
      },
      { name: `${name} moved by, from`, value: Math.min(...moved), unit: 'ms' },
      { name: `${name} moved by, to`, value: Math.max(...moved), unit: 'ms' },
    ];
  });
  return [{ name: 'pages looked at beside the calls', value: asked / (pairs * STRETCH_S), unit: 'a second' }, ...rows];
}
