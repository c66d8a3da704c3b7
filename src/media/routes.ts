import type { Knex } from 'knex';
import { z } from 'zod';
import { AppError } from '../platform/errors.ts';
import { defineRoute, type Principal, type Route } from '../platform/http/route.ts';
import type { Language, Level } from '../speech/engine.ts';
import {
  callAnswer,
  callWithTurnsAnswer,
  languageSchema,
  levelSchema,
  placeAnswer,
  type RecordingLink,
  recordingTermsAnswer,
  toCallAnswer,
  toRecordingAnswer,
  toTurnAnswer,
} from './call-answers.ts';
import { StoredCall } from './call-models.ts';
import { callNotFound } from './call/call-errors.ts';
import { isUuid, readTurns } from './call-store.ts';
import type { PlacedCall, Placement } from './placement.ts';

export interface CallRoutesOptions {
  readonly knex: Knex;
  readonly placement: Placement;
  /** The language and level of a learner who names none. */
  readonly preferences: (userId: string) => Promise<{ readonly language: Language; readonly level: Level }>;
  /** In which calls can be held; others are refused before anything is set aside. */
  readonly languages: () => Promise<readonly Language[]>;
  /** Minutes charged, by call id; calls that cost nothing are absent. */
  readonly charges: (callIds: readonly string[]) => Promise<ReadonlyMap<string, { readonly billedMinutes: number }>>;
  /** Recordings of a call that is over, with links that are good for some hours. None when absent. */
  readonly recordings?: (callId: string) => Promise<readonly RecordingLink[]>;
  /** What a learner is told before agreeing to a recording; nothing is offered when absent. */
  readonly recordingTerms?: () => Promise<{ readonly offered: boolean; readonly keptDays: number }>;
  /** A token that lets the user into this call's signaling. */
  readonly issueToken: (pass: {
    readonly callId: string;
    readonly userId: string;
    readonly nodeId: string;
    /** Of the token that asks. */
    readonly tokenVersion: number;
  }) => Promise<string>;
}

const placing = z.strictObject({
  language: languageSchema.optional(),
  level: levelSchema.optional(),
  engine: z
    .enum(['openai', 'yandex', 'local'])
    .optional()
    .describe('For staff who try an engine: this call has it, whatever is set'),
  recording_consent: z
    .boolean()
    .optional()
    .describe('The learner has read `GET /api/recording-terms` and agrees; without it nothing is recorded'),
});
const byId = z.object({ id: z.string().max(64) });
const page = z.strictObject({
  cursor: z.uuid().optional().describe('`next_cursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
const callList = z.object({ calls: z.array(callAnswer), next_cursor: z.string().nullable() });

export function callRoutes(options: CallRoutesOptions): Route[] {
  const { knex, placement, preferences, languages, charges, issueToken } = options;
  const invite = async ({ callId, node }: PlacedCall, { userId, tokenVersion }: Principal) => ({
    call_id: callId,
    signaling: { path: node.publicPath },
    token: await issueToken({ callId, userId, nodeId: node.id, tokenVersion }),
  });

  return [
    defineRoute({
      method: 'get',
      path: '/api/recording-terms',
      summary: 'Whether calls can be recorded, and for how long a recording is kept',
      tag: 'calls',
      access: 'user',
      answer: recordingTermsAnswer,
      async handle() {
        const terms = await options.recordingTerms?.();
        return { offered: terms?.offered ?? false, keep_days: terms?.keptDays ?? 0 };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/calls',
      summary: 'Place a call',
      description: 'Sets the first minutes aside and answers where to join. A call not joined in two minutes ends.',
      tag: 'calls',
      access: 'user',
      body: placing,
      answer: placeAnswer,
      status: 201,
      errors: [
        'no_minutes',
        'no_media_node',
        'too_many_calls',
        'call_ended',
        'language_unsupported',
        'engine_not_yours',
      ],
      idempotency: 'optional',
      async handle({ principal, body, idempotencyKey }) {
        const { userId, role } = principal;
        const preferred = await preferences(userId);
        const language = body.language ?? preferred.language;
        const spoken = await languages();
        if (!spoken.includes(language)) throw languageUnsupported(spoken);
        if (body.engine !== undefined && role === 'student') throw engineNotYours();
        const placed = await placement.place({
          userId,
          language,
          level: body.level ?? preferred.level,
          idempotencyKey,
          engine: body.engine,
          recordingConsent: body.recording_consent,
        });
        return invite(placed, principal);
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/calls/{id}/place',
      summary: 'Where to join a call under way, after a reload or when its node is gone',
      tag: 'calls',
      access: 'user',
      params: byId,
      answer: placeAnswer,
      errors: ['call_not_found', 'call_ended', 'no_media_node'],
      handle: async ({ principal, params }) => invite(await placement.replace(params.id, principal.userId), principal),
    }),
    defineRoute({
      method: 'get',
      path: '/api/calls',
      summary: 'Calls of the learner, newest first',
      tag: 'calls',
      access: 'user',
      query: page,
      answer: callList,
      async handle({ principal, query }) {
        // One more than asked for tells whether there is a next page. Ids are UUIDv7: they sort by time.
        const found = await StoredCall.query(knex)
          .where('user_account_id', principal.userId)
          .modify((builder) => {
            if (query.cursor !== undefined) builder.where('id', '<', query.cursor);
          })
          .orderBy('id', 'desc')
          .limit(query.limit + 1);
        const calls = found.slice(0, query.limit);
        const charged = await charges(calls.map(({ id }) => id));
        return {
          calls: calls.map((call) => toCallAnswer(call, charged.get(call.id)?.billedMinutes)),
          next_cursor: found.length > calls.length ? (calls.at(-1)?.id ?? null) : null,
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/calls/{id}',
      summary: 'One call with its turns',
      tag: 'calls',
      access: 'user',
      params: byId,
      answer: callWithTurnsAnswer,
      errors: ['call_not_found'],
      async handle({ principal, params }) {
        if (!isUuid(params.id)) throw callNotFound();
        const call = await StoredCall.query(knex).findById(params.id).where('user_account_id', principal.userId);
        if (!call) throw callNotFound();
        const [turns, charged, recordings] = await Promise.all([
          readTurns(knex, call.id),
          charges([call.id]),
          options.recordings?.(call.id) ?? [],
        ]);
        return {
          ...toCallAnswer(call, charged.get(call.id)?.billedMinutes),
          turns: turns.map(toTurnAnswer),
          recordings: recordings.map(toRecordingAnswer),
        };
      },
    }),
  ];
}

function engineNotYours(): AppError {
  return new AppError({
    code: 'engine_not_yours',
    kind: 'forbidden',
    message: 'Only staff choose the engine of a call.',
  });
}

function languageUnsupported(languages: readonly Language[]): AppError {
  return new AppError({
    code: 'language_unsupported',
    kind: 'invalid',
    message: 'No tutor here speaks this language.',
    details: { languages },
  });
}
