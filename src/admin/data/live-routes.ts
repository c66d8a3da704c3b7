import type { Knex } from 'knex';
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { defineRoute, type Route } from '../../platform/http.ts';
import { noteListening } from './listening.ts';
import { readLiveCall, readLiveCalls, readNodes, readTurnsOf } from './read-live.ts';

/** A page shows so many; the number of all is told beside them. */
const MOST_CALLS = 200;
const MOST_TURNS = 100;

const liveAnswer = z
  .object({
    at: z.iso.datetime(),
    nodes: z.array(
      z.object({
        node_id: z.string(),
        load: z.int().describe('In calls'),
        capacity: z.int(),
        draining: z.boolean(),
        silent_sec: z.number().describe('Since it was last heard of'),
        fresh: z.boolean().describe('Heard of lately enough to get calls'),
      }),
    ),
    calls_count: z.int(),
    calls: z
      .array(
        z.object({
          call_id: z.uuid(),
          user_id: z.uuid(),
          email: z.string(),
          status: z.enum(['placed', 'live']),
          channel: z.enum(['live', 'http']).describe('http: in turns, by uploads'),
          language: z.string(),
          level: z.string(),
          engine: z.string().describe('All that served it so far, joined by +; empty before the first turn'),
          node_id: z.string(),
          placed_at: z.iso.datetime(),
          live_at: z.iso.datetime().nullable(),
          lasts_sec: z.int().describe('Since the media was connected; since the place before that'),
          end_requested: z.boolean(),
        }),
      )
      .describe(`The latest first, at most ${MOST_CALLS}`),
  })
  .meta({ id: 'LiveCalls' });

const captionsAnswer = z
  .object({
    call_id: z.uuid(),
    status: z.enum(['placed', 'live', 'ended', 'finalized']),
    turns: z
      .array(
        z.object({
          ordinal: z.int(),
          speaker: z.enum(['learner', 'tutor']),
          text: z.string(),
          heard_text: z.string().describe('Of a tutor’s turn, what the learner heard before interrupting'),
          interrupted: z.boolean(),
          started_at_ms: z.int(),
        }),
      )
      .describe(`The last ${MOST_TURNS}, in their order`),
  })
  .meta({ id: 'LiveCaptions' });

/** What goes on now, for those who may see whose calls they are. */
export function liveRoutes({ knex }: { readonly knex: Knex }): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/admin/live',
      summary: 'The calls under way, and how full each media node is',
      tag: 'calls staff',
      access: ['admin', 'support'],
      answer: liveAnswer,
      async handle() {
        const [nodes, { count, calls }] = await Promise.all([readNodes(knex), readLiveCalls(knex, MOST_CALLS)]);
        return { at: new Date().toISOString(), nodes, calls_count: count, calls };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/admin/calls/{id}/captions',
      summary: 'What has been said in a call so far',
      description: 'Who reads along is written down: once an hour for a call and a person.',
      tag: 'calls staff',
      access: ['admin', 'support'],
      params: z.object({ id: z.string().max(64) }),
      answer: captionsAnswer,
      errors: ['call_not_found'],
      async handle({ params: { id }, principal, ip }) {
        const call = z.uuid().safeParse(id).success ? await readLiveCall(knex, id) : undefined;
        if (!call) {
          throw new AppError({ code: 'call_not_found', kind: 'not_found', message: 'There is no such call.' });
        }
        await noteListening(knex, { actorId: principal.userId, ip, callId: call.id });
        return { call_id: call.id, status: call.status, turns: await readTurnsOf(knex, call.id, MOST_TURNS) };
      },
    }),
  ];
}
