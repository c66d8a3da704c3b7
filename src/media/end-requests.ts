import type { Knex } from 'knex';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { startPeriodic } from '../platform/periodic.ts';
import type { EndRequest } from './call-desk.ts';

const LOOK_EVERY_MS = 2_000;

export interface EndRequestsOptions {
  readonly knex: Knex;
  readonly nodeId: string;
  readonly end: (callId: string, reason: EndRequest) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Looks whether anybody has asked from outside for the end of a call on this node, and ends it: within two seconds. */
export function watchEndRequests({ knex, nodeId, end, clock, log }: EndRequestsOptions): { close(): Promise<void> } {
  return startPeriodic({
    name: 'end requested calls',
    everyMs: LOOK_EVERY_MS,
    clock,
    log,
    async task() {
      const asked = await knex<AskedCall>('calls')
        .where('node_id', nodeId)
        .whereIn('status', ['placed', 'live'])
        .whereNotNull('end_requested')
        .select('id', 'end_requested');
      for (const { id, end_requested: reason } of asked) {
        if (reason === null) continue;
        await end(id, reason);
        log.info({ callId: id, reason }, 'A call was ended from outside');
      }
    },
  });
}

interface AskedCall {
  readonly id: string;
  readonly node_id: string;
  readonly status: string;
  readonly end_requested: EndRequest | null;
}
