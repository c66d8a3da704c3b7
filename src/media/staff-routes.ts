import type { Knex } from 'knex';
import { z } from 'zod';
import { defineRoute, type Route } from '../platform/http/route.ts';
import { staffReason } from '../platform/http/line.ts';
import {
  callWithTurnsAnswer,
  toCallAnswer,
  toRecordingAnswer,
  toTurnAnswer,
  turnAnswer,
  type RecordingLink,
} from './call-answers.ts';
import { callCostAnswer, readCallCosts } from './call-costs.ts';
import type { CallDesk } from './call-desk.ts';
import { StoredCall } from './call-models.ts';
import { callNotFound } from './call/call-errors.ts';
import { isUuid, readTurns } from './call-store.ts';
import type { MediaNodes } from './media-nodes.ts';

export interface MediaStaffOptions {
  readonly knex: Knex;
  readonly desk: CallDesk;
  readonly nodes: MediaNodes;
  /** Minutes charged, by call id. */
  readonly charges: (callIds: readonly string[]) => Promise<ReadonlyMap<string, { readonly billedMinutes: number }>>;
  /** Of a call, with links that the member of staff may listen by. */
  readonly recordings: (
    callId: string,
    listener: { readonly actorId: string; readonly ip: string },
  ) => Promise<readonly RecordingLink[]>;
}

const staffCallAnswer = callWithTurnsAnswer
  .extend({
    user_id: z.uuid(),
    node_id: z.string(),
    cost_rub: z.number().describe('At the vendors, by the prices of `speech.prices`'),
    costs: z.array(callCostAnswer),
    turns: z.array(
      turnAnswer.extend({ engines: z.record(z.string(), z.string()).describe('By what they do: stt, tutor, tts') }),
    ),
  })
  .meta({ id: 'StaffCall' });

const order = z.strictObject({ reason: staffReason });
const byNode = z.object({ id: z.string().max(64) });

/** What staff may do to calls and to the machines that carry them. */
export function mediaStaffRoutes({ knex, desk, nodes, charges, recordings }: MediaStaffOptions): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/admin/calls/{id}',
      summary: 'Anybody’s call with its turns',
      tag: 'calls staff',
      access: ['support', 'admin'],
      params: z.object({ id: z.string().max(64) }),
      answer: staffCallAnswer,
      errors: ['call_not_found'],
      async handle({ params, principal, ip }) {
        if (!isUuid(params.id)) throw callNotFound();
        const call = await StoredCall.query(knex).findById(params.id);
        if (!call) throw callNotFound();
        const [turns, costs, charged, recorded] = await Promise.all([
          readTurns(knex, call.id),
          readCallCosts(knex, call.id),
          charges([call.id]),
          recordings(call.id, { actorId: principal.userId, ip }),
        ]);
        return {
          ...toCallAnswer(call, charged.get(call.id)?.billedMinutes),
          user_id: call.userAccountId,
          node_id: call.nodeId,
          ...costs,
          turns: turns.map((turn) => Object.assign(toTurnAnswer(turn), { engines: { ...turn.engines } })),
          recordings: recorded.map(toRecordingAnswer),
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/admin/calls/{id}/end',
      summary: 'End a call under way',
      description: 'Its node ends it within seconds. Asked again, it changes nothing more.',
      tag: 'calls staff',
      access: ['support', 'admin'],
      params: z.object({ id: z.string().max(64) }),
      body: order,
      answer: z.null(),
      status: 204,
      errors: ['call_not_found', 'call_ended'],
      async handle({ params, body, principal, ip }) {
        await desk.end(params.id, { actorId: principal.userId, ip, reason: body.reason });
        return null;
      },
    }),
    ...([true, false] as const).map((draining) =>
      defineRoute({
        method: 'post',
        path: `/api/admin/media-nodes/{id}/${draining ? 'drain' : 'resume'}`,
        summary: draining ? 'Give a media node no new calls' : 'Give a media node calls again',
        ...(draining && { description: 'Its live calls go on. A node that is restarted takes calls again.' }),
        tag: 'calls staff',
        access: ['admin'],
        params: byNode,
        body: order,
        answer: z.null(),
        status: 204,
        errors: ['media_node_not_found'],
        async handle({ params, body, principal, ip }) {
          await nodes.orderDraining(params.id, draining, { actorId: principal.userId, ip, reason: body.reason });
          return null;
        },
      }),
    ),
  ];
}
