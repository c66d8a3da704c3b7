import { Agent, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Knex } from 'knex';
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { validationError } from '../../platform/http/problem.ts';
import { defineRoute, defineStreamRoute, type Route } from '../../platform/http/route.ts';
import { readSetting } from '../../platform/settings.ts';
import type { Language, Level } from '../../speech/engine.ts';
import { audioError } from '../transcoding/transcoding-errors.ts';
import { ANSWER_TYPES } from './answer-forms.ts';
import { isAudioType, isForm, readForm } from './form-upload.ts';
import { forwardTurn } from './forward-turn.ts';
import { callNotFound } from './voice-turn-errors.ts';
import { maxBytesSetting } from './voice-turn-settings.ts';

export interface VoiceTurnRoutesOptions {
  readonly knex: Knex;
  /** A new conversation: its row, its hold, its node. @throws AppError `no_minutes`, `no_media_node`, `too_many_calls` */
  readonly place: (conversation: {
    readonly userId: string;
    readonly language: Language;
    readonly level: Level;
  }) => Promise<PlacedConversation>;
  /** Where one under way has its place. @throws AppError `call_not_found`, `call_ended`, `no_media_node` */
  readonly find: (callId: string, userId: string) => Promise<PlacedConversation>;
  /** @throws AppError `call_not_found` */
  readonly end: (callId: string) => Promise<void>;
  /** The language and level of a learner who names none. */
  readonly preferences: (userId: string) => Promise<{ readonly language: Language; readonly level: Level }>;
  readonly languages: () => readonly Language[] | Promise<readonly Language[]>;
  /** Counts a turn of this person's. @throws AppError `too_many_requests` */
  readonly limitTurns: (userId: string) => Promise<void>;
  /** A token that is good for this call on this node. */
  readonly issueToken: (pass: {
    readonly callId: string;
    readonly userId: string;
    readonly nodeId: string;
    /** Of the token that asked. */
    readonly tokenVersion: number;
  }) => Promise<string>;
}

export interface PlacedConversation {
  readonly callId: string;
  readonly node: { readonly id: string; readonly url: string };
}

export interface VoiceTurnRoutes {
  readonly routes: readonly Route[];
  /** Closes the connections to the nodes. Idempotent. */
  close(): void;
}

const options = z.strictObject({
  call_id: z.uuid().optional().describe('The conversation to go on with; without it a new one begins'),
  language: z.enum(['en', 'ru']).optional().describe('Of a new conversation'),
  level: z.enum(['beginner', 'intermediate', 'advanced']).optional().describe('Of a new conversation'),
  end: z.enum(['true', 'false']).optional().describe('`true`: the conversation ends with this turn'),
});
const byId = z.object({ id: z.string().max(64) });
const isUuid = (text: string): boolean => z.uuid().safeParse(text).success;

const ERRORS = (
  'content_type_unsupported audio_format_unsupported audio_empty audio_too_large audio_too_long audio_too_costly ' +
  'audio_track_missing audio_unreadable speech_not_heard upload_too_slow body_incomplete form_malformed no_minutes ' +
  'no_media_node too_many_calls too_many_requests call_not_found call_ended turn_under_way language_unsupported transcoder_unavailable ' +
  'media_node_unavailable engine_unavailable engine_timed_out engine_failed'
).split(' ');

/** A form is longer than its file by what stands around it. */
const FORM_ALLOWANCE_BYTES = 16_384;

/** Conversations in turns, as clients see them. The audio only passes through: it is worked on at the node. */
export function voiceTurnRoutes(deps: VoiceTurnRoutesOptions): VoiceTurnRoutes {
  const agent = new Agent({ keepAlive: true });
  const routes = [
    defineStreamRoute({
      method: 'post',
      path: '/api/voice/turn',
      summary: 'Say something and hear the answer, as files',
      description:
        'The body is WebM, Ogg, MP3, M4A or WAV, by itself or as the file of a form whose other fields (the same as the ' +
        "query's) come first. It is heard while it is uploaded, and the answer is sent while it is spoken: MP3 with the words " +
        'in `Voice-*` headers and trailers (percent-encoded UTF-8); `Accept: text/event-stream` gets events `heard`, `answer`, ' +
        '`sound`, `done`; `Accept: multipart/mixed` gets JSON, MP3, JSON. A conversation is one session: the lengths of the ' +
        'audio of its answered turns add up and are charged when it ends. A turn that fails is not charged.',
      tag: 'voice',
      access: 'user',
      query: options,
      takes: ['audio/*', 'multipart/form-data', 'application/octet-stream'],
      gives: Object.values(ANSWER_TYPES),
      errors: ERRORS,
      async carry({ request, response, query, principal: { userId, tokenVersion }, requestId }) {
        await deps.limitTurns(userId);
        await checkHeaders(deps.knex, request);
        const { audio, fields } = await readAudio(request);
        try {
          const asked = { ...query, ...parseFields(fields) };
          const { callId, node } =
            asked.call_id === undefined ? await begin(deps, userId, asked) : await deps.find(asked.call_id, userId);
          try {
            await forwardTurn({
              nodeUrl: node.url,
              // Also while they uploaded they may have been signed out.
              token: await deps.issueToken({ callId, userId, nodeId: node.id, tokenVersion }),
              audio,
              accept: request.headers.accept,
              endsAfter: asked.end === 'true',
              requestId,
              response,
              agent,
            });
          } catch (error) {
            // The node knows nothing of it: what is held for it is given back here.
            if (asked.call_id === undefined) await deps.end(callId);
            throw error;
          }
        } catch (error) {
          // What is still being sent is for nobody; unread it would hold up the connection.
          audio.resume();
          throw error;
        }
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/voice/{id}/end',
      summary: 'End a conversation in turns, and have it charged',
      tag: 'voice',
      access: 'user',
      params: byId,
      answer: z.object({ call_id: z.string() }),
      errors: ['call_not_found'],
      async handle({ principal: { userId }, params: { id } }) {
        if (!isUuid(id)) throw callNotFound();
        const own: unknown = await deps
          .knex('calls')
          .where({ id, user_account_id: userId, channel: 'http' })
          .first('id');
        if (own === undefined) throw callNotFound();
        await deps.end(id);
        return { call_id: id };
      },
    }),
  ];
  return { routes, close: () => agent.destroy() };
}

type Asked = z.output<typeof options>;

async function checkHeaders(knex: Knex, { headers }: IncomingMessage): Promise<void> {
  const type = headers['content-type'];
  if (!isAudioType(type)) {
    throw new AppError({
      code: 'content_type_unsupported',
      kind: 'unsupported',
      message: 'The body must be audio, or a form with a file.',
    });
  }
  const maxBytes = await readSetting(knex, maxBytesSetting);
  const allowed = maxBytes + (isForm(type) ? FORM_ALLOWANCE_BYTES : 0);
  if (Number(headers['content-length'] ?? 0) > allowed) throw audioError('audio_too_large', { max_bytes: maxBytes });
}

async function readAudio(request: IncomingMessage): Promise<{ audio: Readable; fields: object }> {
  return isForm(request.headers['content-type']) ? await readForm(request) : { audio: request, fields: {} };
}

function parseFields(fields: object): Asked {
  const parsed = options.safeParse(fields);
  if (!parsed.success) throw validationError('body', parsed.error);
  return parsed.data;
}

async function begin(
  { preferences, languages, place }: VoiceTurnRoutesOptions,
  userId: string,
  asked: Asked,
): Promise<PlacedConversation> {
  const preferred = await preferences(userId);
  const language = asked.language ?? preferred.language;
  const spoken = await languages();
  if (!spoken.includes(language)) {
    throw new AppError({
      code: 'language_unsupported',
      kind: 'invalid',
      message: 'No tutor here speaks this language.',
      details: { languages: spoken },
    });
  }
  return place({ userId, language, level: asked.level ?? preferred.level });
}
