/** The billing room's face. */
export { createBilling, type Billing, type BillingOptions } from './billing.ts';
export type { Balance } from './balance.ts';
export { checkInvariants, INVARIANTS, type Violation } from './reconcile.ts';
export { HEARTBEAT_DEADLINE_SEC, JOIN_DEADLINE_SEC, type SweepReport } from './sweep.ts';
export type { Charge } from './usage.ts';
