import type { Knex } from 'knex';
import { z } from 'zod';
import { staffReason } from '../platform/http/line.ts';
import { defineRoute, type Route } from '../platform/http/route.ts';
import { giveGift } from './gifts.ts';
import { hundredthsFromJson } from './hundredths.ts';
import { minutesOf, minutesToJson } from './minutes.ts';
import { decimal, minutes } from './wire.ts';

/** Far above any limit that can be set, which refuses with a code of its own. */
const MOST_MINUTES = 1_000_000;

const giving = z.strictObject({
  minutes: decimal(0.01, MOST_MINUTES).describe('Minutes, at most two decimals'),
  reason: staffReason.describe('The learner reads it too'),
});

export function giftRoutes({ knex }: { readonly knex: Knex }): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/admin/billing/users/{id}/gift',
      summary: 'Give a learner free minutes',
      tag: 'billing staff',
      access: ['support', 'admin'],
      params: z.object({ id: z.uuid() }),
      body: giving,
      answer: z.object({ transaction_id: z.uuid(), minutes, balance_after: minutes }),
      status: 201,
      errors: ['user_not_found', 'account_deleted', 'gift_too_large', 'idempotency_key_reused'],
      idempotency: 'required',
      async handle({ params, body, principal, ip, idempotencyKey = '' }) {
        const given = minutesOf(hundredthsFromJson(body.minutes));
        const posting = await giveGift(knex, {
          userId: params.id,
          actorId: principal.userId,
          ip,
          minutes: given,
          reason: body.reason,
          idempotencyKey,
        });
        return {
          transaction_id: posting.transactionId,
          minutes: minutesToJson(given),
          balance_after: minutesToJson(posting.balanceAfter),
        };
      },
    }),
  ];
}
