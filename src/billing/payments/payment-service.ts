import type { Kopecks } from '../money.ts';
import type { PaymentReport } from './checks.ts';
import type { Payment } from './payment-rows.ts';
import type { PaymentStatus } from './payment-state.ts';
import type { RefundRequest } from './refunds.ts';

/** Each member can be handed on by itself. */
export interface PaymentService {
  readonly createDeposit: (deposit: {
    readonly userId: string;
    readonly amount: Kopecks;
    readonly idempotencyKey: string;
  }) => Promise<Payment>;
  readonly readDeposit: (of: { readonly userId: string; readonly paymentId: string }) => Promise<Payment>;
  /** Everybody's, for staff, the newest first. */
  readonly list: (page: {
    readonly status: PaymentStatus | undefined;
    readonly before: string | undefined;
    readonly limit: number;
  }) => Promise<Payment[]>;
  readonly refund: (request: RefundRequest) => Promise<Payment>;
  /** What came to a webhook, from whomever. */
  readonly notify: (notification: {
    readonly provider: string;
    readonly body: unknown;
    readonly ip: string;
  }) => Promise<'settled' | 'ignored'>;
  /** To be run again and again by somebody. */
  readonly expire: (signal?: AbortSignal) => Promise<PaymentReport>;
}
