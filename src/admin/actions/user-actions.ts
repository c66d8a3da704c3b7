import { z } from 'zod';
import { DELETION_REASONS } from '../../accounts/index.ts';
import { AppError } from '../../platform/errors.ts';
import type { Row } from '../resource/row.ts';
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
      possible: open,
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
      possible: (record) => record['blocked'] === true && open(record),
      async run({ by, id, input }) {
        await accounts.unblockByStaff(id, input.reason, orderOf(by));
        return 'userUnblocked';
      },
    }),
    defineAction({
      name: 'deleteAccount',
      icon: 'UserX',
      roles: ADMINS,
      danger: true,
      // Typed, so that nobody deletes the account next to the one they mean: there is no way back.
      fields: [
        { name: 'email', type: 'text', required: true },
        { name: 'reason', type: 'choice', choices: DELETION_REASONS, required: true },
      ],
      input: z.object({ email: z.string().trim().toLowerCase(), reason: z.enum(DELETION_REASONS) }),
      possible: open,
      async run({ by, id, record, input }) {
        if (open(record)) {
          if (input.email !== String(record['email']).toLowerCase()) throw addressDiffers();
          await accounts.deleteAccount({ userId: id, by: { ...orderOf(by), reason: input.reason } });
        }
        return 'userDeleted';
      },
    }),
  ];
}

function open(record: Row): boolean {
  return record['deleted'] !== true;
}

function addressDiffers(): AppError {
  return new AppError({ code: 'address_differs', kind: 'invalid', message: 'This is another address.' });
}
