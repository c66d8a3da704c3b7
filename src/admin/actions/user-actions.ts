import { z } from 'zod';
import { ADMINS, WITH_PERSONS } from '../roles.ts';
import { orderOf, type PanelServices } from '../services.ts';
import { defineAction, type PanelAction } from './action.ts';
import { decimalText, reason, reasonField } from './reason.ts';

export function userActions({ accounts, billing }: Pick<PanelServices, 'accounts' | 'billing'>): PanelAction[] {
  return [
    defineAction({
      name: 'giftMinutes',
      icon: 'Gift',
      roles: WITH_PERSONS,
      fields: [{ name: 'minutes', type: 'decimal', required: true }, reasonField],
      input: z.object({ minutes: decimalText.refine((text) => Number(text) > 0), reason }),
      async run({ by, id, input, idempotencyKey }) {
        await billing.gift({ userId: id, ...input, idempotencyKey, by: orderOf(by) });
        return 'giftGiven';
      },
    }),
    defineAction({
      name: 'block',
      icon: 'Slash',
      roles: ADMINS,
      danger: true,
      fields: [reasonField],
      input: z.object({ reason }),
      possible: (record) => record['blocked'] === false,
      async run({ by, id, input }) {
        await accounts.blockByStaff(id, input.reason, orderOf(by));
        return 'userBlocked';
      },
    }),
    defineAction({
      name: 'unblock',
      icon: 'Unlock',
      roles: ADMINS,
      fields: [reasonField],
      input: z.object({ reason }),
      possible: (record) => record['blocked'] === true,
      async run({ by, id, input }) {
        await accounts.unblockByStaff(id, input.reason, orderOf(by));
        return 'userUnblocked';
      },
    }),
  ];
}
