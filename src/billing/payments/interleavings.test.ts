import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fc } from '../../testing/properties.ts';
import { AppError } from '../../platform/errors.ts';
import { insertLearner } from '../../testing/stored-learners.ts';
import { openCashDesk } from '../../testing/payments/cash-desk.ts';
import { readDebt } from '../debts.ts';
import { kopecksOf } from '../money.ts';

/**
 * Deposits, refunds, chargebacks and calls of one learner, at the same time and from several processes, with a provider
 * that fails now and then: the books hold after each round, and in the end everything that was paid is either credited,
 * spent, given back or owed.
 */

const payment = fc.integer({ min: 0, max: 5 });
const kopecks = fc.oneof(fc.integer({ min: 1_000, max: 3_000 }), fc.integer({ min: 1_000, max: 120_000 }));

const command = fc.oneof(
  fc.record({ type: fc.constant('deposit' as const), kopecks, key: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ type: fc.constant('buy' as const), kopecks }),
  fc.record({ type: fc.constant('buy' as const), kopecks }),
  fc.record({ type: fc.constant('pay' as const), payment, part: fc.constantFrom(1, 1, 0.4) }),
  fc.record({ type: fc.constant('decline' as const), payment }),
  fc.record({ type: fc.constant('notify' as const), payment }),
  fc.record({ type: fc.constant('notify' as const), payment }),
  fc.record({ type: fc.constant('refund' as const), payment, kopecks: fc.option(kopecks, { nil: undefined }) }),
  fc.record({ type: fc.constant('chargeback' as const), payment, kopecks: fc.option(kopecks, { nil: undefined }) }),
  fc.record({ type: fc.constant('fail' as const), how: fc.constantFrom('cut' as const, 'after the deed' as const) }),
  fc.record({ type: fc.constant('talk' as const), ms: fc.integer({ min: 0, max: 200_000 }) }),
  fc.record({ type: fc.constant('hang up' as const) }),
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

const rounds = fc.array(fc.array(command, { minLength: 1, maxLength: 5 }), { minLength: 3, maxLength: 8 });

/** What may be answered in such a tangle; anything else is a fault. */
const ALLOWED = new Set([
  'payment_provider_unavailable',
  'payment_refused',
  'idempotency_key_reused',
  'refund_too_large',
  'no_minutes',
  'call_ended',
]);

describe('random interleavings of payments', () => {
  it('keep the books', { timeout: 300_000 }, async (t) => {
    const desk = await openCashDesk(t);
    const { knex, billing, yookassa, payments, anotherProcess, admin, place } = desk;
    const processes = [payments, anotherProcess(), anotherProcess()];
    let turn = 0;
    let keys = 0;

    await fc.assert(
      fc.asyncProperty(rounds, async (script) => {
        const userId = await insertLearner(knex);
        const run = keys++;
        const calls: string[] = [];
        const known = async (index: number): Promise<{ id: string; theirs: string } | undefined> => {
          const rows: { id: string; theirs: string }[] = await knex('payments')
            .where('user_account_id', userId)
            .whereNotNull('provider_payment_id')
            .orderBy('id')
            .select('id', 'provider_payment_id as theirs');
          return rows[index % Math.max(1, rows.length)];
        };

        const act = async (step: Command): Promise<void> => {
          const one = processes[turn++ % processes.length]!;
          if (step.type === 'fail') return yookassa.failNext(step.how);
          if (step.type === 'deposit') {
            const amount = kopecksOf(step.kopecks);
            await one.createDeposit({ userId, amount, idempotencyKey: `${run}-${step.key}` });
          } else if (step.type === 'buy') {
            const amount = kopecksOf(step.kopecks);
            const made = await one.createDeposit({ userId, amount, idempotencyKey: `buy-${keys++}` });
            yookassa.pay(made.providerPaymentId ?? '');
            await one.readDeposit({ userId, paymentId: made.id });
          } else if (step.type === 'talk') {
            const callId = calls[0] ?? (await place(userId));
            if (!calls.includes(callId)) calls.push(callId);
            await knex('calls')
              .where({ id: callId, status: 'placed' })
              .update({ status: 'live', live_at: knex.fn.now() });
            await billing.meter.beat(callId, step.ms);
          } else if (step.type === 'hang up') {
            const ended = calls.shift();
            if (ended === undefined) return;
            await billing.meter.end(ended, { reason: 'hang_up', talkedMs: 0 });
            await billing.finalizeCall(ended);
          } else {
            const found = await known(step.payment);
            const stored = found && yookassa.payments.get(found.theirs);
            if (!found || !stored) return;
            if (step.type === 'pay' && stored.status === 'pending') {
              yookassa.pay(stored.id, { value: (Number(stored.amount.value) * step.part).toFixed(2) });
            } else if (step.type === 'decline' && stored.status === 'pending') {
              yookassa.cancel(stored.id);
            } else if (step.type === 'notify') {
              const body = yookassa.notification('payment.succeeded', stored.id);
              await one.notify({ provider: 'yookassa', body, ip: `10.0.${run % 250}.${turn % 250}` });
            } else if (step.type === 'refund' || step.type === 'chargeback') {
              await one.refund({
                paymentId: found.id,
                amount: step.kopecks,
                kind: step.type,
                reason: 'a test',
                idempotencyKey: `refund-${keys++}`,
                actorId: admin.userId,
                ip: '',
              });
            }
          }
        };

        for (const round of script) {
          for (const outcome of await Promise.allSettled(round.map(act))) {
            if (outcome.status === 'fulfilled') continue;
            const reason: unknown = outcome.reason;
            if (!(reason instanceof AppError && ALLOWED.has(reason.code))) throw reason;
          }
          assert.deepEqual(await billing.checkInvariants(), []);
        }

        // All is well again, and everything that waits is asked after.
        while (calls.length > 0) await act({ type: 'hang up' });
        for (let pass = 0; pass < 3; pass += 1) {
          const ids: string[] = await knex('payments').where('user_account_id', userId).pluck('id');
          for (const id of ids) await desk.age(id, '1 minute');
          await payments.expire();
        }
        assert.deepEqual(await billing.checkInvariants(), []);
        await everythingIsSomewhere(desk, userId);
      }),
      { numRuns: 25 },
    );
  });
});

/** Credited = left + talked + taken back; and what the provider keeps is what the learner has kept or owes. */
async function everythingIsSomewhere(
  { knex, billing, yookassa }: Awaited<ReturnType<typeof openCashDesk>>,
  userId: string,
): Promise<void> {
  const rows = await knex('payments').where('user_account_id', userId).select('*');
  let credited = 0;
  let reversed = 0;
  for (const row of rows) {
    const stored = yookassa.payments.get(row.provider_payment_id);
    if (stored?.status !== 'succeeded') {
      assert.equal(row.wallet_transaction_id, null);
      continue;
    }
    assert.equal(row.captured_kopecks, Math.round(Number(stored.amount.value) * 100));
    assert.equal(row.refunded_kopecks, stored.refundedHundredths);
    credited += Math.round(Number(row.credited_minutes) * 100);
    reversed += Math.round(Number(row.reversed_minutes) * 100);
  }
  const talked = await knex('usage_sessions').where('user_account_id', userId).sum('billed_minutes as total').first();
  const { balance, held } = await billing.balance(userId);
  const debt = await readDebt(knex, userId);
  assert.equal(held, 0);
  assert.equal(balance + Number(talked?.['total'] ?? 0) * 100, credited - reversed + debt);
}
