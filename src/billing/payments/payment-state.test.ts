import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fc } from '../../testing/properties.ts';
import { minutesOf } from '../minutes.ts';
import { kopecksOf } from '../money.ts';
import { BASE_RATE_PER_MINUTE } from '../tariff.ts';
import { chargeBack, follow, type KnownPayment, type PaymentChange, type PaymentStatus } from './payment-state.ts';
import type { ProviderPayment } from './provider.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

const begun: KnownPayment = {
  id: ID,
  status: 'created',
  amount: kopecksOf(100_000),
  currency: 'RUB',
  captured: undefined,
  capturedCurrency: undefined,
  credited: undefined,
  refunded: 0,
  chargedBack: 0,
  reversed: minutesOf(0),
  payerGone: false,
  prices: {
    tariff: { ratePerMinute: BASE_RATE_PER_MINUTE },
    packages: [{ id: 'p', name: 'P', minAmount: kopecksOf(100_000), discountBasisPoints: 1_000 }],
  },
};

function says(status: ProviderPayment['status'], hundredths = 100_000, refunded = 0): ProviderPayment {
  return {
    id: 'theirs',
    status,
    amount: { hundredths, currency: 'RUB' },
    refunded,
    reference: ID,
    confirmationUrl: undefined,
    reason: undefined,
  };
}

/** What the row says after the change. */
function write(payment: KnownPayment, change: PaymentChange | undefined): KnownPayment {
  if (!change) return payment;
  return {
    ...payment,
    status: change.status,
    captured: change.captured?.hundredths ?? payment.captured,
    capturedCurrency: change.captured?.currency ?? payment.capturedCurrency,
    credited: change.credit?.minutes ?? payment.credited,
    refunded: change.refunded ?? payment.refunded,
    chargedBack: change.chargedBack ?? payment.chargedBack,
    reversed: minutesOf(payment.reversed + (change.reverse ?? 0)),
  };
}

describe('a payment follows what its provider says', () => {
  for (const [from, said, to] of [
    ['created', 'pending', 'pending'],
    ['created', 'succeeded', 'succeeded'],
    ['pending', 'succeeded', 'succeeded'],
    ['pending', 'authorized', 'pending'],
    ['pending', 'canceled', 'canceled'],
    ['expired', 'pending', 'expired'],
    ['expired', 'canceled', 'canceled'],
    ['expired', 'succeeded', 'succeeded'],
    ['canceled', 'pending', 'canceled'],
    ['canceled', 'succeeded', 'succeeded'],
    ['failed', 'succeeded', 'succeeded'],
    ['mismatch', 'canceled', 'canceled'],
  ] as const satisfies readonly (readonly [PaymentStatus, ProviderPayment['status'], PaymentStatus])[]) {
    it(`from ${from} at ${said} to ${to}`, () => {
      const payment = { ...begun, status: from };
      assert.equal(write(payment, follow(payment, says(said))).status, to);
    });
  }

  it('and not back from a credit', () => {
    const paid = write(begun, follow(begun, says('succeeded')));
    assert.equal(paid.credited, 22_222);
    for (const older of ['pending', 'authorized', 'canceled', 'succeeded'] as const) {
      assert.equal(follow(paid, says(older)), undefined);
    }
  });

  const words = fc.record({
    status: fc.constantFrom('pending' as const, 'authorized' as const, 'succeeded' as const, 'canceled' as const),
    refunded: fc.integer({ min: 0, max: 100_000 }),
  });
  const events = fc.array(fc.oneof(words, fc.record({ chargeback: fc.integer({ min: 1, max: 50_000 }) })), {
    maxLength: 12,
  });

  it('credits once and keeps what the kept money is worth, in whatever order it hears', () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 100_000 }), (heard, captured) => {
        let payment = begun;
        let credits = 0;
        for (const event of heard) {
          const refunded = 'refunded' in event ? Math.min(event.refunded, captured) : 0;
          const change =
            'chargeback' in event
              ? chargeBack(payment, event.chargeback)
              : follow(payment, says(event.status, captured, event.status === 'succeeded' ? refunded : 0));
          if (change?.credit) credits += 1;
          assert.ok((change?.reverse ?? 0) >= 0);
          const next = write(payment, change);
          assert.ok(next.refunded >= payment.refunded && next.reversed >= payment.reversed);
          payment = next;
          if (payment.captured !== undefined && payment.credited !== undefined) {
            const kept = Math.max(0, payment.captured - payment.refunded - payment.chargedBack);
            assert.equal(payment.credited - payment.reversed, Math.floor((payment.credited * kept) / payment.captured));
            const status = kept === payment.captured ? 'succeeded' : kept === 0 ? 'refunded' : 'partially_refunded';
            assert.equal(payment.status, status);
          }
        }
        assert.ok(credits <= 1);
      }),
      { numRuns: 1_000 },
    );
  });
});
