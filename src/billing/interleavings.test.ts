import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Knex } from 'knex';
import { connectDatabase } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { createSilentLogger } from '../platform/log.ts';
import { insertCall, insertLearner, markCallLive } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { createBilling, type Billing } from './billing.ts';
import { credit } from './ledger.ts';
import { minutesOf } from './minutes.ts';
import { kopecksOf } from './money.ts';

/**
 * Whatever happens to two learners' calls, in whatever order, from three processes at once, the books hold, and
 * nobody spends what they do not have.
 */

const learner = fc.integer({ min: 0, max: 1 });
const call = fc.integer({ min: 0, max: 7 });
const talkedMs = fc.integer({ min: 0, max: 400_000 });

const command = fc.oneof(
  fc.record({ type: fc.constant('open' as const), learner }),
  fc.record({ type: fc.constant('connect' as const), call }),
  fc.record({ type: fc.constant('beat' as const), call, talkedMs }),
  fc.record({ type: fc.constant('beat' as const), call, talkedMs }),
  fc.record({ type: fc.constant('end' as const), call, talkedMs }),
  fc.record({ type: fc.constant('finalize' as const), call }),
  fc.record({ type: fc.constant('lose node' as const), call }),
  fc.record({ type: fc.constant('sweep' as const) }),
  fc.record({ type: fc.constant('credit' as const), learner, hundredths: fc.integer({ min: 1, max: 500 }) }),
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** What happens at the same time, and then the next. */
const rounds = fc.array(fc.array(command, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 10 });
const beginnings = fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 900 }));

/** What a caller may be told in such a tangle; anything else is a fault. */
const ALLOWED = new Set(['no_minutes', 'call_ended', 'call_not_ended']);

/** One step of one call. */
async function act(
  knex: Knex,
  billing: Billing,
  callId: string,
  step: Extract<Command, { readonly call: number }>,
): Promise<void> {
  if (step.type === 'connect') {
    await markCallLive(knex, callId);
  } else if (step.type === 'beat') {
    const { heldMs, coveredMs } = await billing.meter.beat(callId, step.talkedMs);
    assert.ok(heldMs >= 60_000 && heldMs <= coveredMs);
  } else if (step.type === 'end') {
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: step.talkedMs });
  } else if (step.type === 'finalize') {
    await billing.finalizeCall(callId);
  } else {
    await knex('calls')
      .where('id', callId)
      .whereIn('status', ['placed', 'live'])
      .update({ last_beat_at: knex.raw(`now() - interval '1 hour'`) });
  }
}

describe('random interleavings', () => {
  it('keep the books', { timeout: 240_000 }, async (t) => {
    const database = await createTestDatabase(t);
    const processes = [1, 2, 3].map(() => {
      const connected = connectDatabase({ url: database.url, poolSize: 4, applicationName: 'ailingva test' });
      t.after(() => connected.close());
      const { knex } = connected;
      return { knex, billing: createBilling({ knex, log: createSilentLogger(), onCallEnded: () => {} }) };
    });
    let credits = 0;

    await fc.assert(
      fc.asyncProperty(beginnings, rounds, async (balances, script) => {
        const learners = await Promise.all(balances.map(() => insertLearner(database.knex)));
        const calls: string[] = [];
        let turn = 0;

        const give = async (userId: string, hundredths: number): Promise<void> => {
          if (hundredths === 0) return;
          const { knex } = processes[turn++ % 3]!;
          const paid = credits % 2 === 1;
          const idempotencyKey = `credit:${credits++}`;
          await knex.transaction((transaction) =>
            credit(transaction, {
              userId,
              type: paid ? 'deposit' : 'gift',
              minutes: minutesOf(hundredths),
              price: kopecksOf(paid ? hundredths * 4 + 1 : 0),
              idempotencyKey,
            }),
          );
        };

        const run = async (step: Command): Promise<void> => {
          const { knex, billing } = processes[turn++ % 3]!;
          if (step.type === 'open') {
            const userId = learners[step.learner]!;
            const callId = await knex.transaction(async (transaction) => {
              const id = await insertCall(transaction, userId);
              await billing.openCall(transaction, { callId: id, userId });
              return id;
            });
            calls.push(callId);
          } else if (step.type === 'sweep') {
            assert.equal((await billing.sweep()).failed, 0);
          } else if (step.type === 'credit') {
            await give(learners[step.learner]!, step.hundredths);
          } else {
            const callId = calls[step.call % Math.max(1, calls.length)];
            if (callId !== undefined) await act(database.knex, billing, callId, step);
          }
        };

        for (const [index, userId] of learners.entries()) await give(userId, balances[index]!);
        for (const round of script) {
          const outcomes = await Promise.allSettled(round.map(run));
          for (const outcome of outcomes) {
            if (outcome.status === 'fulfilled') continue;
            const reason: unknown = outcome.reason;
            if (!(reason instanceof AppError && ALLOWED.has(reason.code))) throw reason;
          }
          assert.deepEqual(await processes[0]!.billing.checkInvariants(), []);
        }

        // Everything ends: nothing stays held, and no call is left uncharged.
        const { billing } = processes[0]!;
        for (const callId of calls) await billing.meter.end(callId, { reason: 'idle', talkedMs: 0 });
        assert.equal((await billing.sweep()).failed, 0);
        assert.deepEqual(await billing.checkInvariants(), []);
        for (const userId of learners) assert.equal((await billing.balance(userId)).held, 0);
      }),
      { numRuns: 25 },
    );
  });
});
