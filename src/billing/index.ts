/** The billing room's face. */
export { createBilling, type Billing, type BillingOptions } from './billing.ts';
export type { Balance } from './balance.ts';
export { readReconcileTime } from './billing-settings.ts';
export { createPayments, type Payments } from './payments/payments.ts';
export type { PaymentProvider } from './payments/provider.ts';
export { createSandbox } from './payments/sandbox.ts';
export { createSandboxPage, type PageHandler } from './payments/sandbox-page.ts';
export { createYookassa } from './payments/yookassa.ts';
export type { Violation } from './reconcile.ts';
export { watchReconciliations, type Reconciliation } from './reconciliation.ts';
export type { Repair } from './repair.ts';
export type { PackageForm, StaffBilling } from './staff-billing.ts';
export type { SweepReport } from './sweep.ts';
export type { Charge } from './usage.ts';
