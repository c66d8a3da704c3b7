import type { Knex } from 'knex';
import { z } from 'zod';
import { staffReason } from '../platform/http/line.ts';
import { defineRoute, type Route } from '../platform/http/route.ts';
import { reverseEntry, type EntryReversal } from './entry-reversal.ts';
import { giveGift } from './gifts.ts';
import { parseHundredths } from './hundredths.ts';
import { minutesOf, minutesToJson } from './minutes.ts';
import { kopecksOf } from './money.ts';
import { createPackage, updatePackage, type Author } from './packages.ts';
import { blockReferral, unblockReferral, type ReferralDecision } from './referrals/block.ts';
import { minutes } from './wire.ts';

/** A package as a form has it: amounts and percents are decimal texts of at most two places. */
export interface PackageForm {
  readonly name?: string | undefined;
  /** In Russian; empty: the same. */
  readonly nameRu?: string | undefined;
  readonly minAmountRub?: string | undefined;
  readonly discountPercent?: string | undefined;
  readonly isActive?: boolean | undefined;
}

/** What staff do with money and minutes; the same that the API's routes do. Each writes the audit log. */
export interface StaffBilling {
  /** Answers the row of the ledger. The same key again gives nothing more. */
  gift(gift: {
    readonly userId: string;
    /** Decimal text. */
    readonly minutes: string;
    readonly reason: string;
    readonly idempotencyKey: string;
    readonly by: Author;
  }): Promise<string>;
  blockReferral(decision: ReferralDecision & { readonly reverse: boolean }): Promise<void>;
  unblockReferral(decision: ReferralDecision): Promise<void>;
  reverseEntry(reversal: EntryReversal): Promise<void>;
  /** Answers the new package's id. */
  createPackage(form: PackageForm, by: Author): Promise<string>;
  /** @param refuseIfChanged asked in the transaction, under its locks, before anything is written */
  updatePackage(
    id: string,
    form: PackageForm,
    by: Author,
    refuseIfChanged: (transaction: Knex.Transaction) => Promise<void>,
  ): Promise<void>;
}

export function createStaffBilling({ knex }: { readonly knex: Knex }): StaffBilling {
  return {
    async gift({ userId, minutes: given, reason, idempotencyKey, by }) {
      const posting = await giveGift(knex, {
        ...by,
        userId,
        minutes: minutesOf(parseHundredths(given)),
        reason,
        idempotencyKey,
      });
      return posting.transactionId;
    },
    blockReferral: (decision) => blockReferral(knex, decision),
    unblockReferral: (decision) => unblockReferral(knex, decision),
    reverseEntry: async (reversal) => {
      await reverseEntry(knex, reversal);
    },
    async createPackage(form, by) {
      const { name = '', nameRu = '', minAmountRub = '0', discountPercent = '0', isActive = true } = form;
      const saved = await createPackage(
        knex,
        {
          name,
          nameRu: nameRu === '' ? null : nameRu,
          minAmount: kopecksOf(parseHundredths(minAmountRub)),
          discountBasisPoints: parseHundredths(discountPercent),
          isActive,
        },
        by,
      );
      return saved.id;
    },
    async updatePackage(id, { name, nameRu, minAmountRub, discountPercent, isActive }, by, refuseIfChanged) {
      const change = {
        ...(name !== undefined && { name }),
        ...(nameRu !== undefined && { nameRu: nameRu === '' ? null : nameRu }),
        ...(minAmountRub !== undefined && { minAmount: kopecksOf(parseHundredths(minAmountRub)) }),
        ...(discountPercent !== undefined && { discountBasisPoints: parseHundredths(discountPercent) }),
        ...(isActive !== undefined && { isActive }),
      };
      await updatePackage(knex, id, change, by, refuseIfChanged);
    },
  };
}

export function ledgerStaffRoutes({ knex }: { readonly knex: Knex }): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/admin/billing/ledger/{id}/reverse',
      summary: 'Take a row of the ledger back by another',
      description:
        'Of minutes that were given, what is unspent and not held for a call; minutes that were taken come back as free ones.',
      tag: 'billing staff',
      access: ['admin'],
      params: z.object({ id: z.uuid() }),
      body: z.strictObject({ reason: staffReason }),
      answer: z.object({ reversed_minutes: minutes.describe('0: the same request was done before') }),
      errors: ['ledger_entry_not_found', 'deposit_not_reversible', 'reversal_not_reversible', 'nothing_to_reverse'],
      idempotency: 'required',
      async handle({ params, body, principal, ip, idempotencyKey = '' }) {
        const moved = await reverseEntry(knex, {
          entryId: params.id,
          actorId: principal.userId,
          ip,
          reason: body.reason,
          idempotencyKey,
        });
        return { reversed_minutes: minutesToJson(moved) };
      },
    }),
  ];
}
