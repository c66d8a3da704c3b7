import { Agent, get } from 'node:http';
import type { Knex } from 'knex';
import { createAnalytics, type Analytics } from '../../src/analytics/index.ts';
import { connectDatabase } from '../../src/platform/database.ts';
import { createHttpApp, listen } from '../../src/platform/http.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { insertAccounts, insertYear } from './books.ts';

/** One database with a year in it, and the product's analytics over HTTP. */
export interface Product {
  readonly analytics: Analytics;
  readonly knex: Knex;
  /** Milliseconds until the whole answer was there. */
  ask(query: string): Promise<number>;
  close(): Promise<void>;
}

export async function openProduct(
  url: string,
  { accounts, sessions }: { readonly accounts: number; readonly sessions: number },
): Promise<Product> {
  await migrate(url);
  const owner = connectDatabase({
    url,
    poolSize: 1,
    applicationName: 'bench rollup rows',
    role: null,
  });
  try {
    await owner.knex.raw('SET session_replication_role = replica');
    await insertAccounts(owner.knex, accounts);
    await insertYear(owner.knex, sessions);
    await owner.knex.raw('VACUUM ANALYZE');
  } finally {
    await owner.close();
  }

  const database = connectDatabase({ url, poolSize: 10, applicationName: 'bench rollup' });
  const log = createSilentLogger();
  const analytics = createAnalytics({ knex: database.knex, log });
  const app = createHttpApp({
    routes: analytics.routes,
    authenticator: { authenticate: async () => ({ userId: 'bench', role: 'admin', tokenVersion: 1 }) },
    log,
    metrics: createMetrics('bench'),
    publicUrl: 'https://ailingva.example',
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, graceMs: 0 });
  const agent = new Agent({ keepAlive: true });
  return {
    analytics,
    knex: database.knex,
    ask(query) {
      const address = `${server.url}/api/admin/analytics/revenue/minutes?${query}`;
      const startedAt = performance.now();
      return new Promise((resolve, reject) => {
        const options = { agent, headers: { authorization: 'Bearer bench' }, timeout: 30_000 };
        const request = get(address, options, (answer) => {
          if (answer.statusCode !== 200) reject(new Error(`Answered ${answer.statusCode}`));
          answer.resume().once('end', () => resolve(performance.now() - startedAt));
        });
        request.once('error', reject);
      });
    },
    async close() {
      agent.destroy();
      await server.close();
      await database.close();
    },
  };
}
