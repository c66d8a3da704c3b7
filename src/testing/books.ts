import type { TestContext } from 'node:test';
import type { Knex } from 'knex';
import { createBilling, type Billing } from '../billing/index.ts';
import { credit, type Credit } from '../billing/ledger.ts';
import { minutesOf, minutesToJson } from '../billing/minutes.ts';
import { kopecksOf } from '../billing/money.ts';
import { createSilentLogger } from '../platform/log.ts';
import { insertCall, insertLearner, markCallLive } from './stored-learners.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

/** Billing on a database of its own, with short words for what its tests begin with. */
export interface Books {
  readonly database: TestDatabase;
  readonly knex: Knex;
  /** Begins no charge by itself. */
  readonly billing: Billing;
  /** A learner who was given so many hundredths of a minute. Returns their id. */
  readonly learnerWith: (hundredths: number) => Promise<string>;
  readonly give: (
    entry: Pick<Credit, 'userId' | 'type' | 'idempotencyKey'> & { hundredths: number; price?: number },
  ) => Promise<void>;
  readonly place: (userId: string) => Promise<string>;
  /** Places a call whose media is connected. */
  readonly goLive: (userId: string) => Promise<string>;
  /** Balance and held, in minutes. */
  readonly wallet: (userId: string) => Promise<[balance: number, held: number]>;
}

export async function openBooks(t: TestContext): Promise<Books> {
  const database = await createTestDatabase(t);
  const { knex } = database;
  const billing = createBilling({ knex, log: createSilentLogger(), onCallEnded: () => {} });

  const books: Books = {
    database,
    knex,
    billing,
    async learnerWith(hundredths) {
      const userId = await insertLearner(knex);
      if (hundredths > 0) await books.give({ userId, type: 'gift', hundredths, idempotencyKey: `gift:${userId}` });
      return userId;
    },
    async give({ hundredths, price = 0, ...entry }) {
      await knex.transaction((transaction) =>
        credit(transaction, { ...entry, minutes: minutesOf(hundredths), price: kopecksOf(price) }),
      );
    },
    place: (userId) =>
      knex.transaction(async (transaction) => {
        const callId = await insertCall(transaction, userId);
        await billing.openCall(transaction, { callId, userId });
        return callId;
      }),
    async goLive(userId) {
      const callId = await books.place(userId);
      await markCallLive(knex, callId);
      return callId;
    },
    async wallet(userId) {
      const { balance, held } = await billing.balance(userId);
      return [minutesToJson(balance), minutesToJson(held)];
    },
  };
  return books;
}
