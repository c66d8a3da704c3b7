import pg from 'pg';
import { createBilling } from '../../src/billing/index.ts';
import { connectDatabase } from '../../src/platform/database.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { insertEndedCalls, insertWallets } from './wallets.ts';

/** One side of the comparison, on a database of its own. */
export interface Contender {
  /** Does `count` finalizations, or what stands for them, on as many wallets as are asked; answers the seconds it took. */
  run(wallets: number, count: number): Promise<number>;
  close(): Promise<void>;
}

/** Does each item once, `connections` at a time. */
async function inParallel<Item>(
  items: readonly Item[],
  connections: number,
  work: (item: Item, lane: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const lane = async (_: unknown, index: number): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item, index);
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: connections }, lane));
  return (performance.now() - begin) / 1_000;
}

export interface Product extends Contender {
  /** What is not as it should be: calls that were not charged, or not once; books that do not agree. */
  check(): Promise<{ readonly charged: number; readonly lost: number; readonly violations: number }>;
}

/** The product's own way to charge calls, and everything that belongs to it. */
export async function openProduct(url: string, wallets: number, connections: number): Promise<Product> {
  const database = connectDatabase({ url, poolSize: connections, applicationName: 'ailingva bench' });
  const owner = connectDatabase({ url, poolSize: 1, applicationName: 'ailingva bench owner', role: null });
  const billing = createBilling({ knex: database.knex, log: createSilentLogger(), onCallEnded: () => {} });
  const walletIds = await insertWallets(owner.knex, wallets);
  let expected = 0;
  return {
    async run(asked, count) {
      const callIds = await insertEndedCalls(owner.knex, walletIds.slice(0, asked), count);
      expected += count;
      return inParallel(callIds, connections, (callId) => billing.finalizeCall(callId));
    },
    async check() {
      const [row]: { calls: number; minutes: string | null }[] = await owner
        .knex('usage_sessions')
        .countDistinct('call_id as calls')
        .sum('billed_minutes as minutes');
      const [debited]: { minutes: string | null }[] = await owner
        .knex('wallet_transactions')
        .where('type', 'usage')
        .sum('minutes_delta as minutes');
      const charged = row?.calls ?? 0;
      const violations = await billing.checkInvariants();
      const agree = Number(row?.minutes) === -Number(debited?.minutes);
      return { charged, lost: expected - charged, violations: violations.length + (agree ? 0 : 1) };
    },
    async close() {
      await billing.close();
      await database.close();
      await owner.close();
    },
  };
}

/**
 * The least that charging a prepaid wallet takes: a transaction with the conditional UPDATE and one row of the ledger, on
 * the same tables with the same constraints, by the driver alone with prepared statements.
 */
export async function openBareLoop(url: string, wallets: number, connections: number): Promise<Contender> {
  const owner = connectDatabase({ url, poolSize: 1, applicationName: 'ailingva bench owner', role: null });
  const walletIds = await insertWallets(owner.knex, wallets);
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  let keys = 0;
  const charge = async (client: pg.Client, walletId: string): Promise<void> => {
    await client.query('BEGIN');
    const { rows } = await client.query<{ minutes_balance: string; ledger_sequence: string }>({
      name: 'charge',
      text: `UPDATE user_profiles SET minutes_balance = minutes_balance - 2, ledger_sequence = ledger_sequence + 1
             WHERE user_account_id = $1 AND minutes_balance >= 2 RETURNING minutes_balance, ledger_sequence`,
      values: [walletId],
    });
    if (!rows[0]) throw new Error('The bare loop ran out of minutes');
    await client.query({
      name: 'write',
      text: `INSERT INTO wallet_transactions
               (user_account_id, sequence, type, minutes_delta, balance_after, idempotency_key)
             VALUES ($1, $2, 'usage', -2, $3, $4)`,
      values: [walletId, rows[0].ledger_sequence, rows[0].minutes_balance, `usage:${keys++}`],
    });
    await client.query('COMMIT');
  };
  return {
    async run(asked, count) {
      const ids = Array.from({ length: count }, (_, n) => walletIds[n % asked]!);
      return inParallel(ids, connections, (id, lane) => charge(clients[lane]!, id));
    },
    async close() {
      await Promise.all(clients.map((client) => client.end()));
      await owner.close();
    },
  };
}
