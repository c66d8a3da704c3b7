import type { Accounts } from '../accounts/index.ts';
import type { Payments, StaffBilling } from '../billing/index.ts';
import type { CallDesk, MediaNodes } from '../media/index.ts';
import type { Visitor } from './roles.ts';

/** What the panel writes by: the rooms' own services, the same that the API's routes use. */
export interface PanelServices {
  readonly accounts: Pick<Accounts, 'changeByStaff' | 'blockByStaff' | 'unblockByStaff' | 'deleteAccount'>;
  readonly billing: StaffBilling;
  readonly payments: Pick<Payments, 'refund'>;
  readonly desk: Pick<CallDesk, 'end'>;
  readonly nodes: Pick<MediaNodes, 'orderDraining'>;
}

/** Who does it and from where, as services and the audit log take it. */
export function orderOf(by: Visitor): { readonly actorId: string; readonly ip: string } {
  return { actorId: by.id, ip: by.ip };
}
