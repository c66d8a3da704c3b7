/** The billing room's face. */
export { createBilling, type Billing, type BillingOptions } from './billing.ts';
export type { Balance } from './balance.ts';
export { checkInvariants, type Violation } from './reconcile.ts';
export type { SweepReport } from './sweep.ts';
export type { Charge } from './usage.ts';
