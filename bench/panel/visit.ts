import { readdir, readFile } from 'node:fs/promises';
import { createAnalytics } from '../../src/analytics/index.ts';
import { connectDatabase } from '../../src/platform/database.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { stockFigures } from '../../src/testing/figures-stock.ts';
import type { Product } from '../calls/product.ts';
import { rssMebibytes } from '../calls/process-usage.ts';

export const ADMIN = { email: 'bench@example.com', password: 'a password of the bench' };

/** What each page asks for when it is opened, all at once as the browser does. */
export const PAGES = {
  'first page': ['analytics/today', 'attention', 'live'],
  'analytics, 30 days': analytics('group_by=day'),
  'analytics, 90 days by hour': analytics('group_by=hour&from_date=@90&to_date=@1'),
  'analytics, a year, another zone': analytics('group_by=day&from_date=@365&to_date=@1&time_zone=Asia/Yekaterinburg'),
  'analytics, a year, half an hour off': analytics('group_by=day&from_date=@365&to_date=@1&time_zone=Asia/Kolkata'),
  'analytics, one engine': analytics('group_by=day&engine=openai'),
  'reply times, 90 days': ['analytics/latency?from_date=@90&to_date=@1'],
  live: ['live', 'jobs/queues'],
} as const;

/** Days of zones that are not whole hours from UTC are put together of rows: slower, and not held to the target. */
export const TOLD_ONLY: ReadonlySet<string> = new Set(['analytics, a year, half an hour off']);

/** As autovacuum would within the minute. */
export async function vacuum(url: string): Promise<void> {
  const owner = connectDatabase({ url, poolSize: 1, applicationName: 'ailingva bench', role: null });
  await owner.knex.raw('VACUUM ANALYZE');
  await owner.close();
}

function analytics(query: string): string[] {
  const revenue = `analytics/revenue/minutes?${query}`;
  const sums = revenue.replace('group_by=hour', 'group_by=day');
  return [`${revenue}&compare=previous`, `${sums}&breakdown=engine`, `${sums}&breakdown=language`, 'analytics/engines'];
}

/** `@90` in an address is the day so long ago. */
export async function askPage(url: string, addresses: readonly string[], cookie: string): Promise<void> {
  await Promise.all(
    addresses.map(async (address) => {
      const dated = address.replaceAll(/@(\d+)/g, (_all, days: string) =>
        new Date(Date.now() - Number(days) * 86_400_000).toISOString().slice(0, 10),
      );
      const answer = await fetch(`${url}/admin/data/${dated}`, {
        headers: { cookie },
        signal: AbortSignal.timeout(30_000),
      });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`${dated}: ${answer.status}`);
    }),
  );
}

export async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/admin/login`, {
    method: 'POST',
    body: new URLSearchParams(ADMIN),
    headers: { origin: url },
    redirect: 'manual',
  });
  if (answer.status !== 303) throw new Error(`Could not sign in: ${answer.status}`);
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** Of the children of `up`, that which is the web process. */
export async function webProcessMebibytes(upPid: number): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [command, status] = await Promise.all(
      ['cmdline', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
    );
    const isOurs = /PPid:\s+(\d+)/.exec(status ?? '')?.[1] === String(upPid);
    if (isOurs && command?.split('\0').includes('web')) return rssMebibytes(Number(pid));
  }
  throw new Error('The web process is not to be found');
}

/** A panel with figures in it, and somebody who is signed in: looks at one page after another, without a pause, for so long. */
export async function openPanelBeside({ url, databaseUrl }: Product): Promise<(forMs: number) => Promise<number>> {
  await stockFigures({ url: databaseUrl, days: 90, learners: 5_000, sessionsPerDay: 500, turnsPerSession: 1 });
  const database = connectDatabase({ url: databaseUrl, poolSize: 1, applicationName: 'ailingva bench' });
  await createAnalytics({ knex: database.knex, log: createSilentLogger() }).rebuild();
  await database.close();
  const cookie = await signIn(url);
  const pages = Object.values(PAGES);
  let turn = 0;
  return async (forMs) => {
    const [until, before] = [performance.now() + forMs, turn];
    for (; performance.now() < until; turn += 1) await askPage(url, pages[turn % pages.length] ?? [], cookie);
    return turn - before;
  };
}
