import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migrate } from '../src/platform/migrate.ts';
import { startTestPostgres } from '../src/testing/test-postgres.ts';
import { median } from './calls/percentiles.ts';
import { formatTable, round, type Row } from './calls/report.ts';
import { openBareLoop, openProduct } from './ledger/contenders.ts';

/**
 * `./ailingva bench ledger`: how many ended calls are charged in a second, beside a loop that does no more than take the
 * minutes and write the ledger's row. Both in turns of a few seconds, so that the noise of a shared machine meets both;
 * the ratio is the median of the turns'. The server does not wait for the disk: that would flatter the ratio, because
 * each side commits once.
 */

const USAGE = 'Usage: ./ailingva bench ledger [--wallets N] [--connections C] [--turns T] [--count N]';

/** Finalizations per second beside the bare loop's. */
const LEAST_RATIO = 0.5;

class UsageError extends Error {}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        wallets: { type: 'string', default: '10000' },
        connections: { type: 'string', default: '8' },
        turns: { type: 'string', default: '5' },
        count: { type: 'string', default: '3000' },
      },
    });
    const numbers = Object.entries(values).map(([name, text]): [string, number] => {
      const value = Number(text);
      if (!Number.isInteger(value) || value < 1 || value > 1_000_000)
        throw new UsageError(`--${name} is a whole number`);
      return [name, value];
    });
    const { wallets = 0, connections = 0, turns = 0, count = 0 } = Object.fromEntries(numbers);
    return { wallets, connections, turns, count };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error));
  }
}

type Options = ReturnType<typeof readOptions>;

interface Comparison {
  readonly product: number;
  readonly bare: number;
  readonly ratio: number;
}

async function compare(
  options: Options,
  wallets: number,
  contenders: {
    readonly product: Awaited<ReturnType<typeof openProduct>>;
    readonly bare: Awaited<ReturnType<typeof openBareLoop>>;
  },
): Promise<Comparison> {
  const { count, turns } = options;
  const rates: { product: number; bare: number }[] = [];
  // The first turn warms caches and plans up, and does not count.
  for (let turn = 0; turn <= turns; turn += 1) {
    const size = turn === 0 ? Math.ceil(count / 8) : count;
    const bare = size / (await contenders.bare.run(wallets, size));
    const product = size / (await contenders.product.run(wallets, size));
    if (turn > 0) rates.push({ product, bare });
  }
  return {
    product: median(rates.map(({ product }) => product)),
    bare: median(rates.map(({ bare }) => bare)),
    ratio: median(rates.map(({ product, bare }) => product / bare)),
  };
}

/** The same tables, for the other side: so the books of the product's own stay whole. Goes with the server. */
async function secondDatabase(firstUrl: string): Promise<string> {
  const url = new URL(firstUrl);
  const client = new pg.Client({ connectionString: firstUrl });
  await client.connect();
  await client.query('CREATE DATABASE bare_loop');
  await client.end();
  url.pathname = '/bare_loop';
  await migrate(url.href);
  return url.href;
}

async function run(options: Options, onClose: (close: () => Promise<void>) => void): Promise<void> {
  const [loadBefore = 0] = loadavg();
  const postgres = await startTestPostgres();
  onClose(() => postgres.stop());
  await migrate(postgres.url);
  const product = await openProduct(postgres.url, options.wallets, options.connections);
  onClose(() => product.close());
  const bare = await openBareLoop(await secondDatabase(postgres.url), options.wallets, options.connections);
  onClose(() => bare.close());

  const many = await compare(options, options.wallets, { product, bare });
  const hot = await compare(options, 1, { product, bare });
  const { charged, lost, violations } = await product.check();

  const rows: readonly Row[] = [
    { name: `Charged, ${options.wallets} wallets`, value: many.product, unit: 'a second' },
    { name: `Bare loop, ${options.wallets} wallets`, value: many.bare, unit: 'a second' },
    { name: 'Ratio', value: many.ratio, unit: '', atLeast: LEAST_RATIO },
    { name: 'Charged, one hot wallet', value: hot.product, unit: 'a second' },
    { name: 'Bare loop, one hot wallet', value: hot.bare, unit: 'a second' },
    { name: 'Ratio', value: hot.ratio, unit: '', atLeast: LEAST_RATIO },
    { name: 'Calls charged', value: charged, unit: '' },
    { name: 'Calls lost', value: lost, unit: '', atMost: 0 },
    { name: 'Books that do not agree', value: violations, unit: '', atMost: 0 },
  ];
  const cores = cpus().length;
  process.stdout.write(
    `\n${options.connections} connections, ${cores} cores (load before: ${loadBefore.toFixed(1)})\n\n${formatTable(rows)}\n\n`,
  );
  const figures = {
    wallets: options.wallets,
    connections: options.connections,
    finalized_per_second: many.product,
    bare_per_second: many.bare,
    ratio: many.ratio,
    hot_finalized_per_second: hot.product,
    hot_bare_per_second: hot.bare,
    hot_ratio: hot.ratio,
    charged,
    lost,
    books_in_disagreement: violations,
  };
  const rounded = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value)]));
  process.stdout.write(`${JSON.stringify({ bench: 'ledger', cores, load_before: loadBefore, ...rounded })}\n`);
  if (lost !== 0 || violations > 0) process.exitCode = 1;
}

async function main(): Promise<void> {
  const closing: (() => Promise<void>)[] = [];
  try {
    await run(readOptions(), (close) => closing.push(close));
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
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
