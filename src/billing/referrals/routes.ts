import type { Knex } from 'knex';
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { staffReason } from '../../platform/http/line.ts';
import { defineRoute, type Route } from '../../platform/http/route.ts';
import { readReferralMinutes } from '../billing-settings.ts';
import { minutesToJson, parseMinutes } from '../minutes.ts';
import { minutes } from '../wire.ts';
import { blockReferral, unblockReferral } from './block.ts';
import { ensureCode } from './code.ts';
import { readInvitations, readReferrals, REFERRAL_STATUSES, type ReferralRow } from './read.ts';

export interface ReferralRoutesOptions {
  readonly knex: Knex;
  /** Where browsers find the page; an invitation leads to its `/register`. */
  readonly publicUrl: string;
}

const invitationsAnswer = z.object({
  code: z.string(),
  link: z.string().describe('Leads to the registration, with the code filled in'),
  minutes_each: minutes.describe('What an invitation gives to each side now'),
  invited: z.int().describe('Who registered with the code'),
  confirmed: z.int().describe('Of these, who confirmed their address'),
  rewarded_minutes: minutes.describe('What the invitations earned, less what was taken back'),
});

const referralAnswer = z
  .object({
    id: z.uuid(),
    status: z.enum(REFERRAL_STATUSES),
    referrer: z.object({ id: z.uuid(), email: z.string() }),
    referred: z.object({ id: z.uuid(), email: z.string(), confirmed_at: z.iso.datetime().nullable() }),
    reward_minutes: minutes.describe('Given to the inviter'),
    welcome_minutes: minutes.describe('Given to the invited person'),
    reversed_minutes: minutes.describe('Taken back of both'),
    reward_withheld: z
      .enum(['daily_cap', 'account_blocked'])
      .nullable()
      .describe('Why the inviter got nothing while the invited person did'),
    rewarded_at: z.iso.datetime().nullable(),
    block_reason: z
      .string()
      .nullable()
      .describe('Staff’s words; or, blocked by a rule, `self_invite` or `known_person`'),
    blocked_by: z.uuid().nullable(),
    blocked_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Referral' });

const listQuery = z.strictObject({
  status: z.enum(REFERRAL_STATUSES).optional(),
  referrer_id: z.uuid().optional(),
  referred_id: z.uuid().optional(),
  cursor: z.uuid().optional().describe('`next_cursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

const byId = z.object({ id: z.uuid() });
export function referralRoutes({ knex, publicUrl }: ReferralRoutesOptions): Route[] {
  const read = async (id: string): Promise<z.output<typeof referralAnswer>> => {
    const [row] = await readReferrals(knex, { id, limit: 1 });
    if (row) return toAnswer(row);
    throw new AppError({ code: 'referral_not_found', kind: 'not_found', message: 'There is no such referral.' });
  };

  return [
    defineRoute({
      method: 'get',
      path: '/api/billing/referral',
      summary: 'The invitation link, and what it earned',
      tag: 'billing',
      access: 'user',
      answer: invitationsAnswer,
      async handle({ principal: { userId } }) {
        const code = await ensureCode(knex, userId);
        const { invited, confirmed, rewarded } = await readInvitations(knex, userId);
        return {
          code,
          link: `${publicUrl}/register?ref=${code}`,
          minutes_each: minutesToJson(await readReferralMinutes(knex)),
          invited,
          confirmed,
          rewarded_minutes: minutesToJson(rewarded),
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/admin/billing/referrals',
      summary: 'Who invited whom, the newest first',
      tag: 'billing staff',
      access: ['support', 'admin'],
      query: listQuery,
      answer: z.object({ referrals: z.array(referralAnswer), next_cursor: z.string().nullable() }),
      async handle({ query }) {
        const rows = await readReferrals(knex, {
          status: query.status,
          referrerId: query.referrer_id,
          referredId: query.referred_id,
          before: query.cursor,
          // One more than asked for tells whether there is a next page.
          limit: query.limit + 1,
        });
        const page = rows.slice(0, query.limit);
        return {
          referrals: page.map(toAnswer),
          next_cursor: rows.length > page.length ? (page.at(-1)?.id ?? null) : null,
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/admin/billing/referrals/{id}/block',
      summary: 'Let a referral pay nothing',
      description:
        'With `reverse`, what is unspent of both rewards is taken back, but nothing that a call holds: ask again when it ' +
        'has ended. Blocking what is blocked changes nothing else.',
      tag: 'billing staff',
      access: ['admin'],
      params: byId,
      body: z.strictObject({ reason: staffReason, reverse: z.boolean().default(false) }),
      answer: referralAnswer,
      errors: ['referral_not_found'],
      async handle({ params: { id }, body, principal, ip }) {
        await blockReferral(knex, { referralId: id, actorId: principal.userId, ip, ...body });
        return read(id);
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/admin/billing/referrals/{id}/unblock',
      summary: 'Take a block back',
      description:
        'If the invited person has confirmed meanwhile, both sides get their minutes now. What was reversed does not ' +
        'come back by itself: give it as a gift.',
      tag: 'billing staff',
      access: ['admin'],
      params: byId,
      body: z.strictObject({ reason: staffReason }),
      answer: referralAnswer,
      errors: ['referral_not_found', 'referral_not_blocked'],
      async handle({ params: { id }, body, principal, ip }) {
        await unblockReferral(knex, { referralId: id, actorId: principal.userId, ip, ...body });
        return read(id);
      },
    }),
  ];
}

function toAnswer(row: ReferralRow): z.output<typeof referralAnswer> {
  const time = (at: Date | null): string | null => at?.toISOString() ?? null;
  return {
    id: row.id,
    status: row.status,
    referrer: { id: row.referrer_id, email: row.referrer_email },
    referred: { id: row.referred_id, email: row.referred_email, confirmed_at: time(row.referred_confirmed_at) },
    reward_minutes: minutesToJson(parseMinutes(row.reward_minutes)),
    welcome_minutes: minutesToJson(parseMinutes(row.welcome_minutes)),
    reversed_minutes: minutesToJson(parseMinutes(row.reversed_minutes)),
    reward_withheld: row.reward_withheld,
    rewarded_at: time(row.rewarded_at),
    block_reason: row.block_reason,
    blocked_by: row.blocked_by,
    blocked_at: time(row.blocked_at),
    created_at: row.created_at.toISOString(),
  };
}
