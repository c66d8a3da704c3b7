import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Knex } from 'knex';
import { createAnalytics, type Analytics } from '../analytics/index.ts';
import { createSilentLogger } from '../platform/log.ts';
import { serveApi, type ApiAnswer } from './api.ts';
import { handOutBadges, type Badges } from './staff.ts';
import { insertPayer, type Payer } from './stored-usage.ts';
import { createTestDatabase } from './test-database.ts';

export interface RevenueAnswer {
  readonly buckets: readonly Readonly<Record<string, unknown>>[];
  readonly totals: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

/** The analytics API on a database of its own, in which two learners have called nobody yet. */
export interface FiguresHouse {
  readonly knex: Knex;
  readonly analytics: Analytics;
  readonly badges: Badges;
  readonly ann: Payer;
  readonly bob: Payer;
  /** As an analyst: `get('latency?from_date=2025-12-01')`. */
  readonly get: (question: string, headers?: Readonly<Record<string, string>>) => Promise<ApiAnswer>;
  /** As whoever has this token; without it, as a stranger. */
  readonly getAs: (token: string | undefined, question: string) => Promise<ApiAnswer>;
  readonly revenue: (query: string) => Promise<RevenueAnswer>;
}

/** It is half past nine (UTC) on 10 December 2025. */
export async function openFiguresHouse(t: Pick<TestContext, 'after'>): Promise<FiguresHouse> {
  const { knex } = await createTestDatabase(t);
  const now = (): Date => new Date('2025-12-10T09:30:00Z');
  const analytics = createAnalytics({ knex, log: createSilentLogger(), now });
  const badges = handOutBadges(knex);
  const ask = await serveApi(t, { routes: analytics.routes, authenticator: badges.authenticator });
  const { token } = await badges.hire('analyst');
  const address = (question: string): string => `/api/admin/analytics/${question}`;
  const get: FiguresHouse['get'] = (question, headers = {}) => ask('GET', address(question), { token, headers });
  return {
    knex,
    analytics,
    badges,
    ann: await insertPayer(knex),
    bob: await insertPayer(knex),
    get,
    getAs: (other, question) => ask('GET', address(question), other === undefined ? {} : { token: other }),
    async revenue(query) {
      const { status, body, text } = await get(`revenue/minutes?${query}`);
      assert.equal(status, 200, text);
      return body as unknown as RevenueAnswer;
    },
  };
}

/** Minutes by what the clock shows, without the buckets that have none. */
export function minutesOf({ buckets }: RevenueAnswer): Record<string, unknown> {
  return Object.fromEntries(
    buckets
      .filter((bucket) => bucket['total_minutes'] !== 0)
      .map((bucket) => [bucket['period_start'], bucket['total_minutes']]),
  );
}
