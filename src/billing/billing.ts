import type { Knex } from 'knex';
import type { Route } from '../platform/http/route.ts';
import type { Logger } from '../platform/log.ts';
import { readBalance, type Balance } from './balance.ts';
import { readTariff, readTrialMinutes } from './billing-settings.ts';
import { giftRoutes } from './gift-routes.ts';
import { openHold } from './holds.ts';
import { credit } from './ledger.ts';
import { beat, end, reserve, type CallEnding, type MeterReading } from './meter.ts';
import { NO_MONEY } from './money.ts';
import { packageRoutes } from './package-routes.ts';
import { isFirstAccount, rememberDeparted } from './persons.ts';
import { checkInvariants, type Violation } from './reconcile.ts';
import { dropCode, ensureCode } from './referrals/code.ts';
import { reconcile, reconcileWhenDue, type Reconciliation } from './reconciliation.ts';
import { recordReferral } from './referrals/invite.ts';
import { rewardConfirmed } from './referrals/reward.ts';
import { referralRoutes } from './referrals/routes.ts';
import { billingRoutes } from './routes.ts';
import { createStaffBilling, ledgerStaffRoutes, type StaffBilling } from './staff-billing.ts';
import { statementRoutes } from './statement-routes.ts';
import { sweepCalls, type SweepReport } from './sweep.ts';
import { finalizeCall, findCharges, type Charge } from './usage.ts';
import { userBooksRoutes } from './user-books-routes.ts';
import { welcomeRoutes } from './welcome-routes.ts';

export interface BillingOptions {
  readonly knex: Knex;
  readonly log: Logger;
  /**
   * Told of each call that has ended, to have it charged soon; must not throw. Without it the charge is begun here, in
   * the background. Either way the sweep charges what was missed.
   */
  readonly onCallEnded?: (callId: string) => void;
  /** Where browsers find the page, for links; without it they are relative. */
  readonly publicUrl?: string;
  /** Under which persons who left are remembered; the same in all processes that register or delete anybody. */
  readonly personSecret?: string;
}

/** Each member can be handed on by itself: none needs `this`. */
export interface Billing {
  /**
   * Gives a user who was made in the same transaction a code to invite others with; the trial minutes, if it is the
   * person's first account; and writes down who invited them. @throws AppError `referral_code_unknown`
   */
  readonly onRegistered: (
    transaction: Knex.Transaction,
    userId: string,
    invitation?: { readonly referralCode?: string },
  ) => Promise<void>;
  /** Rewards both sides of an invitation, in the transaction that confirms the invited person. */
  readonly onConfirmed: (transaction: Knex.Transaction, userId: string) => Promise<void>;
  /**
   * Ends what a user's name stands behind, in the transaction that deletes the account, while its address is still in it:
   * the invitation code. The books stay. Needs `personSecret`.
   */
  readonly onDeleted: (transaction: Knex.Transaction, userId: string) => Promise<void>;
  readonly balance: (userId: string) => Promise<Balance>;
  /**
   * Sets the first minutes of a call aside, in the transaction that inserted its row; one user's calls are opened
   * one after the other. @throws AppError `no_minutes`
   */
  readonly openCall: (
    transaction: Knex.Transaction,
    call: { readonly callId: string; readonly userId: string },
  ) => Promise<void>;
  /** What finalized calls cost, by call id; what cost nothing is absent. */
  readonly charges: (callIds: readonly string[]) => Promise<ReadonlyMap<string, Charge>>;
  /** Behind the media room's `CallMeter`. */
  readonly meter: Meter;
  /** The same for one node: it says nothing of a call that has moved to another. */
  readonly meterOf: (nodeId: string) => Meter;
  readonly finalizeCall: (callId: string) => Promise<Charge | undefined>;
  /** To be run every few seconds by somebody; several at once do no harm. */
  readonly sweep: () => Promise<SweepReport>;
  readonly checkInvariants: () => Promise<Violation[]>;
  /** Checks all of the books and raises the alarm; puts right what can be, when asked to. */
  readonly reconcile: (options: { readonly repair: boolean }) => Promise<Reconciliation>;
  /** The nightly check, if it is due: to be asked every minute, by one process at a time. */
  readonly reconcileWhenDue: () => Promise<Reconciliation | undefined>;
  /** What staff do. */
  readonly staff: StaffBilling;
  readonly routes: readonly Route[];
  /** Waits for the charges that were begun here. Idempotent. Close before the database. */
  readonly close: () => Promise<void>;
}

interface Meter {
  readonly beat: (callId: string, talkedMs: number) => Promise<MeterReading>;
  /** Holds what talk up to `coverMs` needs, without talk having happened. */
  readonly reserve: (callId: string, coverMs: number) => Promise<MeterReading>;
  readonly end: (callId: string, ending: CallEnding) => Promise<void>;
}

export function createBilling(options: BillingOptions): Billing {
  const { knex, log, onCallEnded, publicUrl = '', personSecret } = options;
  const charging = new Set<Promise<void>>();

  function chargeInBackground(callId: string): void {
    const charge = finalizeCall(knex, callId)
      .then(
        () => undefined,
        (error: unknown) => log.warn({ callId, err: error }, 'A call was not charged at its end; the sweep will'),
      )
      .finally(() => charging.delete(charge));
    charging.add(charge);
  }

  const meterOf = (nodeId?: string): Meter => ({
    beat: (callId, talkedMs) => beat(knex, callId, talkedMs, nodeId),
    reserve: (callId, coverMs) => reserve(knex, callId, coverMs, nodeId),
    async end(callId, ending) {
      if (await end(knex, callId, ending, nodeId)) (onCallEnded ?? chargeInBackground)(callId);
    },
  });

  return {
    async onRegistered(transaction, userId, { referralCode } = {}) {
      const newPerson = await isFirstAccount(transaction, userId, personSecret);
      if (newPerson) await giveTrial(transaction, userId);
      await ensureCode(transaction, userId);
      if (referralCode !== undefined) {
        await recordReferral(transaction, { referredId: userId, code: referralCode, newPerson });
      }
    },
    onConfirmed: rewardConfirmed,
    async onDeleted(transaction, userId) {
      if (personSecret === undefined) throw new Error('Nobody is deleted without a secret to remember them under');
      await rememberDeparted(transaction, userId, personSecret);
      await dropCode(transaction, userId);
    },
    balance: (userId) => readBalance(knex, userId),
    async openCall(transaction, { callId, userId }) {
      await openHold(transaction, { callId, userId, tariff: await readTariff(transaction) });
    },
    charges: (callIds) => findCharges(knex, callIds),
    meter: meterOf(),
    meterOf,
    finalizeCall: (callId) => finalizeCall(knex, callId),
    sweep: () => sweepCalls(knex, log),
    checkInvariants: () => checkInvariants(knex),
    reconcile: ({ repair }) => reconcile({ knex, log }, { cause: 'operator', repair }),
    reconcileWhenDue: () => reconcileWhenDue({ knex, log }),
    staff: createStaffBilling({ knex }),
    routes: [
      ...welcomeRoutes({ knex }),
      ...billingRoutes({ knex }),
      ...packageRoutes({ knex }),
      ...referralRoutes({ knex, publicUrl }),
      ...giftRoutes({ knex }),
      ...statementRoutes({ knex }),
      ...userBooksRoutes({ knex }),
      ...ledgerStaffRoutes({ knex }),
    ],
    async close() {
      await Promise.all(charging);
    },
  };
}

async function giveTrial(transaction: Knex.Transaction, userId: string): Promise<void> {
  const minutes = await readTrialMinutes(transaction);
  if (minutes === 0) return;
  await credit(transaction, { userId, type: 'trial', minutes, price: NO_MONEY, idempotencyKey: `trial:${userId}` });
}
