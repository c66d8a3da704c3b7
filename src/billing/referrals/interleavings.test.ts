import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fc } from '../../testing/properties.ts';
import type { Knex } from 'knex';
import { AppError } from '../../platform/errors.ts';
import { insertCall, insertLearner, markCallLive } from '../../testing/stored-learners.ts';
import { openBooks } from '../../testing/books.ts';
import { giveGift } from '../gifts.ts';
import { minutesOf } from '../minutes.ts';
import { blockReferral, unblockReferral } from './block.ts';
import { ensureCode } from './code.ts';

/** Whatever is done to a few invitations at once, the books hold and nobody is rewarded twice. */

const who = fc.integer({ min: 0, max: 3 });
const step = fc.oneof(
  fc.record({ type: fc.constant('confirm' as const), who }),
  fc.record({ type: fc.constant('confirm' as const), who }),
  fc.record({ type: fc.constant('block' as const), who, reverse: fc.boolean() }),
  fc.record({ type: fc.constant('unblock' as const), who }),
  fc.record({ type: fc.constant('gift' as const), who, key: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ type: fc.constant('open' as const), who }),
  fc.record({ type: fc.constant('end' as const), who, talkedMs: fc.integer({ min: 0, max: 180_000 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
const script = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 });

const ALLOWED = new Set(['referral_not_blocked', 'no_minutes', 'call_not_ended']);

it('random interleavings of invitations keep the books', { timeout: 300_000 }, async (t) => {
  const { knex, billing } = await openBooks(t);
  const staff = await insertLearner(knex);

  const confirm = (userId: string): Promise<void> =>
    knex.transaction(async (transaction) => {
      const confirmed = await transaction('user_accounts')
        .where({ id: userId })
        .whereNull('confirmed_at')
        .update({ confirmed_at: transaction.fn.now() });
      if (confirmed === 1) await billing.onConfirmed(transaction, userId);
    });

  await fc.assert(
    fc.asyncProperty(script, async (rounds) => {
      const inviter = await insertLearner(knex);
      await knex.transaction((transaction) => billing.onRegistered(transaction, inviter));
      const referralCode = await ensureCode(knex, inviter);
      const invited: string[] = [];
      for (let n = 0; n < 3; n += 1) {
        const userId = await insertLearner(knex);
        await knex.transaction((transaction) => billing.onRegistered(transaction, userId, { referralCode }));
        invited.push(userId);
      }
      const everybody = [...invited, inviter];
      const calls = new Map<string, string>();
      const decision = async (userId: string) => {
        const row: { id: string } | undefined = await knex('referrals').where('referred_id', userId).first('id');
        return row && { referralId: row.id, actorId: staff, ip: '', reason: 'Why not' };
      };

      const run = async (each: Step): Promise<void> => {
        const userId = everybody[each.who]!;
        if (each.type === 'confirm') return confirm(userId);
        if (each.type === 'gift') {
          const idempotencyKey = `${userId}:${each.key}`;
          await giveGift(knex, {
            userId,
            actorId: staff,
            ip: '',
            minutes: minutesOf(100),
            reason: 'A gift',
            idempotencyKey,
          });
        } else if (each.type === 'open') {
          calls.set(userId, await open(knex, userId));
        } else if (each.type === 'end') {
          await end(userId, each.talkedMs);
        } else {
          const of = await decision(userId);
          if (of && each.type === 'block') await blockReferral(knex, { ...of, reverse: each.reverse });
          else if (of) await unblockReferral(knex, of);
        }
      };
      const open = (database: Knex, userId: string): Promise<string> =>
        database.transaction(async (transaction) => {
          const callId = await insertCall(transaction, userId);
          await billing.openCall(transaction, { callId, userId });
          await markCallLive(transaction, callId);
          return callId;
        });
      const end = async (userId: string, talkedMs: number): Promise<void> => {
        const callId = calls.get(userId);
        if (callId === undefined) return;
        await billing.meter.end(callId, { reason: 'hang_up', talkedMs });
        await billing.finalizeCall(callId);
      };

      for (const round of rounds) {
        for (const outcome of await Promise.allSettled(round.map(run))) {
          if (outcome.status === 'fulfilled') continue;
          const reason: unknown = outcome.reason;
          if (!(reason instanceof AppError && ALLOWED.has(reason.code))) throw reason;
        }
        assert.deepEqual(await billing.checkInvariants(), []);
      }
      const rewards = await knex('wallet_transactions').where({ user_account_id: inviter, type: 'referral_reward' });
      assert.ok(rewards.length <= invited.length);
    }),
    { numRuns: 15 },
  );
});
