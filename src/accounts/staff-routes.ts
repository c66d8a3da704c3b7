import { z } from 'zod';
import { staffReason } from '../platform/http/line.ts';
import { defineRoute, type Route } from '../platform/http/route.ts';
import type { AccountService } from './account-service.ts';
import { DELETION_REASONS } from './deletion.ts';

const order = z.strictObject({ reason: staffReason });

/** What staff may do to accounts. */
export function accountStaffRoutes(
  accounts: Pick<AccountService, 'blockByStaff' | 'unblockByStaff' | 'deleteAccount'>,
): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/admin/users/{id}/block',
      summary: 'Block an account',
      description: 'Its tokens and sessions are void at once, its live calls end within seconds.',
      tag: 'accounts staff',
      access: ['admin'],
      params: z.object({ id: z.uuid() }),
      body: order,
      answer: z.null(),
      status: 204,
      errors: ['user_not_found', 'own_account', 'last_admin'],
      async handle({ params, body, principal, ip }) {
        await accounts.blockByStaff(params.id, body.reason, { actorId: principal.userId, ip });
        return null;
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/admin/users/{id}/unblock',
      summary: 'Let an account in again',
      tag: 'accounts staff',
      access: ['admin'],
      params: z.object({ id: z.uuid() }),
      body: order,
      answer: z.null(),
      status: 204,
      errors: ['user_not_found', 'account_deleted'],
      async handle({ params, body, principal, ip }) {
        await accounts.unblockByStaff(params.id, body.reason, { actorId: principal.userId, ip });
        return null;
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/admin/users/{id}/delete',
      summary: 'Delete an account, for good',
      description:
        'As the user could: whatever names them is erased, what is left on the balance is lost, the books stay. ' +
        'The reason is a word of a list, since it outlives the person’s data.',
      tag: 'accounts staff',
      access: ['admin'],
      params: z.object({ id: z.uuid() }),
      body: z.strictObject({ reason: z.enum(DELETION_REASONS) }),
      answer: z.null(),
      status: 204,
      errors: ['user_not_found', 'own_account', 'last_admin'],
      async handle({ params, body, principal, ip }) {
        const by = { actorId: principal.userId, ip, reason: body.reason };
        await accounts.deleteAccount({ userId: params.id, by });
        return null;
      },
    }),
  ];
}
