import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startProduct } from '../test/e2e/product.ts';
import { percentile } from './calls/percentiles.ts';
import { formatTable, type Row } from './calls/report.ts';

/**
 * `./ailingva bench panel`: how long the panel's lists, filters and searches take in the whole product, with a hundred thousand
 * learners and a million rows in the ledger; and how large the web process is after it.
 */

const SLOWEST_P95_MS = 300;
const LARGEST_RSS_MB = 400;
const ADMIN = { email: 'bench@example.com', password: 'a password of the bench' };

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '100000' },
    rows: { type: 'string', default: '10' },
    requests: { type: 'string', default: '40' },
  },
});
const [users, rowsEach, requests] = [Number(values.users), Number(values.rows), Number(values.requests)];

const closing: (() => Promise<void> | void)[] = [];
process.exitCode = 1;
try {
  const product = await startProduct(
    { after: (close) => closing.unshift(close) },
    { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password, LOG_LEVEL: 'warn' },
  );
  process.stdout.write(`${users} learners, ${users * rowsEach} rows in the ledger …\n`);
  const someone = await fill(product.database.url);
  const cookie = await signIn(product.url);

  const questions: readonly (readonly [name: string, address: string])[] = [
    ['learners, first page', 'users/actions/list'],
    ['learners, page 2000', 'users/actions/list?page=2000'],
    ['learners by address', 'users/actions/list?sortBy=email&direction=asc'],
    ['learners, search inside addresses', 'users/actions/list?filters.email=77777'],
    ['learners, search of nothing', 'users/actions/list?filters.email=nobody-at-all'],
    ['learners, filter by role', 'users/actions/list?filters.role=admin'],
    ['ledger, first page', 'ledger/actions/list'],
    ['ledger, page 3000', 'ledger/actions/list?page=3000'],
    ['ledger of one learner', `ledger/actions/list?filters.user_account_id=${someone}`],
    ['ledger, filter by kind', 'ledger/actions/list?filters.type=gift'],
    ['ledger, filter by kind and time', 'ledger/actions/list?filters.type=usage&filters.created_at~~from=2020-01-01'],
    ['one learner', `users/records/${someone}/show`],
    ['choose a learner', 'users/actions/search/learner-1234'],
  ];
  const table: Row[] = [];
  let slowest = 0;
  for (const [name, address] of questions) {
    const taken: number[] = [];
    for (let request = 0; request < requests; request += 1) {
      const startedAt = performance.now();
      const answer = await fetch(`${product.url}/admin/api/resources/${address}`, { headers: { cookie } });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`${name}: ${answer.status}`);
      taken.push(performance.now() - startedAt);
    }
    const p95 = percentile(taken, 0.95);
    slowest = Math.max(slowest, p95);
    table.push({ name: `${name}, p50`, value: percentile(taken, 0.5), unit: 'ms' });
    table.push({ name: `${name}, p95`, value: p95, unit: 'ms', atMost: SLOWEST_P95_MS });
  }
  const megabytes = await webProcessMegabytes();
  table.push({ name: 'web process', value: megabytes, unit: 'MB', atMost: LARGEST_RSS_MB });
  process.stdout.write(`${formatTable(table)}\n`);
  const passed = slowest <= SLOWEST_P95_MS && megabytes <= LARGEST_RSS_MB;
  process.stdout.write(`${passed ? 'passed' : 'FAILED'}\n`);
  if (passed) process.exitCode = 0;
} finally {
  for (const close of closing) await close();
}

/** Answers the id of a learner. */
async function fill(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `INSERT INTO user_accounts (email, password_hash)
       SELECT 'learner-' || n || '@example.com', 'none' FROM generate_series(1, $1::integer) n`,
      [users],
    );
    await client.query(
      `INSERT INTO user_profiles (user_account_id, name, minutes_balance, ledger_sequence)
       SELECT id, 'Learner', 0, $1 FROM user_accounts WHERE password_hash = 'none'`,
      [rowsEach],
    );
    await client.query(
      `INSERT INTO wallet_transactions (user_account_id, sequence, type, minutes_delta, balance_after, idempotency_key)
       SELECT id, n, CASE WHEN n % 2 = 1 THEN 'gift' ELSE 'usage' END, CASE WHEN n % 2 = 1 THEN 5 ELSE -5 END,
         CASE WHEN n % 2 = 1 THEN 5 ELSE 0 END, 'bench:' || id || ':' || n
       FROM generate_series(1, $1::integer) n, user_accounts WHERE password_hash = 'none'`,
      [rowsEach],
    );
    await client.query('VACUUM ANALYZE');
    const { rows } = await client.query<{ id: string }>(
      `SELECT id FROM user_accounts WHERE password_hash = 'none' ORDER BY id OFFSET $1 LIMIT 1`,
      [Math.floor(users / 2)],
    );
    return rows[0]?.id ?? '';
  } finally {
    await client.end();
  }
}

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/admin/login`, {
    method: 'POST',
    body: new URLSearchParams(ADMIN),
    headers: { origin: url },
    redirect: 'manual',
  });
  if (answer.status !== 303) throw new Error(`Could not sign in: ${answer.status}`);
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** Of the child's children: `up` is ours, the web process is its. */
async function webProcessMegabytes(): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [command, status] = await Promise.all(
      ['cmdline', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
    );
    const words = command?.split('\0') ?? [];
    const parent = /PPid:\s+(\d+)/.exec(status ?? '')?.[1];
    const grandparent = await readFile(`/proc/${parent}/status`, 'utf8').catch(() => '');
    const ours = /PPid:\s+(\d+)/.exec(grandparent)?.[1] === String(process.pid);
    if (ours && words.includes('web')) return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status ?? '')?.[1]) / 1024);
  }
  throw new Error('The web process is not to be found');
}
