import type { Knex } from 'knex';
import { writeAudit } from '../platform/audit.ts';
import { callEnded, callNotFound } from './call/call-errors.ts';
import { isUuid } from './call-store.ts';
import type { MediaNodes } from './media-nodes.ts';
import type { StaffOrder } from './staff-order.ts';

/** Why somebody who is not in a call ends it. */
export type EndRequest = 'ended_by_staff' | 'blocked' | 'signed_out';

export interface CallDeskOptions {
  readonly knex: Knex;
  readonly nodes: MediaNodes;
  /** Ends, in the books, a call that no node carries. */
  readonly endHere: (callId: string, reason: EndRequest) => Promise<void>;
}

/** Ends calls from outside: whoever carries them is asked to; where nobody does, it is written here. */
export interface CallDesk {
  /**
   * Asked again, it changes nothing more.
   * @throws AppError `call_not_found`, `call_ended`
   */
  end(callId: string, order: StaffOrder): Promise<void>;
  /** Asks for the end of all of a user's calls, in the transaction that blocks them or ends their tokens. */
  endAllOf(transaction: Knex.Transaction, userId: string, reason: Exclude<EndRequest, 'ended_by_staff'>): Promise<void>;
}

export function createCallDesk({ knex, nodes, endHere }: CallDeskOptions): CallDesk {
  return {
    async end(callId, { actorId, ip, reason }) {
      if (!isUuid(callId)) throw callNotFound();
      const call = await knex.transaction(async (transaction) => {
        const found: CallRow | undefined = await transaction('calls')
          .where('id', callId)
          .forNoKeyUpdate()
          .first('status', 'node_id', 'end_requested');
        if (!found) throw callNotFound();
        const isOpen = found.status === 'placed' || found.status === 'live';
        if (found.end_requested !== null) return isOpen ? found : undefined;
        if (!isOpen) throw callEnded();
        await transaction('calls').where('id', callId).update({ end_requested: 'ended_by_staff' });
        await writeAudit(transaction, {
          actorId,
          ip,
          action: 'call.end',
          subject: { type: 'call', id: callId },
          details: {
            reason,
            before: { status: found.status, end_requested: null },
            after: { status: found.status, end_requested: 'ended_by_staff' },
          },
        });
        return found;
      });
      if (!call) return;
      const carried = call.status === 'live' && (await nodes.listFresh()).some(({ id }) => id === call.node_id);
      if (!carried) await endHere(callId, 'ended_by_staff');
    },

    async endAllOf(transaction, userId, reason) {
      await transaction('calls')
        .where('user_account_id', userId)
        .whereIn('status', ['placed', 'live'])
        .whereNull('end_requested')
        .update({ end_requested: reason });
    },
  };
}

interface CallRow {
  readonly status: string;
  readonly node_id: string;
  readonly end_requested: EndRequest | null;
}
