import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import {
  type Authenticator,
  defineStreamRoute,
  type Principal,
  type Role,
  type Route,
} from '../../platform/http/route.ts';
import type { RecordingPasses } from './recording-pass.ts';
import { type ByteRange, recordingNotFound } from './recording-store.ts';
import type { Recordings } from './recordings.ts';

/** Staff who may listen to learners' calls; each time is written into the audit log. */
export const listeners: readonly Role[] = ['admin', 'support'];

export interface RecordingHttpOptions {
  readonly recordings: Recordings;
  readonly passes: RecordingPasses;
  readonly authenticator: Authenticator;
  /** A member of staff listens to somebody's call. */
  readonly onListened: (listening: {
    readonly actorId: string;
    readonly callId: string;
    readonly part: number;
    /** From where. */
    readonly ip: string;
  }) => Promise<void>;
}

const ADDRESS = /^\/api\/calls\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\/recording$/;

/**
 * The file, whole or in ranges (RFC 9110, section 14), for whoever has a pass, for the call's own learner, and for staff.
 * The link with its pass stands in the answer of `GET /api/calls/{id}`.
 */
export function recordingRoute(options: RecordingHttpOptions): Route {
  return defineStreamRoute({
    method: 'get',
    path: '/api/calls/{id}/recording',
    summary: 'The recording of a call that is over, if both sides agreed to one',
    description: 'Learner left, tutor right. Ranges are answered. With a pass or, without one, with a token.',
    tag: 'calls',
    // Who may listen is settled below: an audio element sends no token.
    access: 'public',
    query: z.object({
      part: z.string().optional().describe('From 1; a call that moved to another node has several'),
      pass: z.string().optional(),
      download: z.string().optional(),
    }),
    takes: [],
    gives: ['audio/ogg'],
    errors: [
      'recording_not_found',
      'recording_being_stored',
      'recording_pass_invalid',
      'token_missing',
      'token_invalid',
    ],
    carry: async ({ request, response }) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const callId = ADDRESS.exec(url.pathname)?.[1];
      if (callId === undefined) throw recordingNotFound();
      await answer(options, { callId, url, request, response });
    },
  });
}

interface Asked {
  readonly callId: string;
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function answer(options: RecordingHttpOptions, { callId, url, request, response }: Asked): Promise<void> {
  const part = partOf(url);
  await admit(options, {
    callId,
    part,
    pass: url.searchParams.get('pass'),
    authorization: request.headers.authorization,
    // Express knows the proxies in front.
    ip: 'ip' in request ? String(request.ip) : (request.socket.remoteAddress ?? ''),
  });
  const range = parseRange(request.headers.range);
  const found = await options.recordings.read(callId, part, range).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'range_not_satisfiable') {
      response.writeHead(416, { 'Content-Range': `bytes */${String(error.details['size'])}` }).end();
      return undefined;
    }
    throw error;
  });
  if (!found) return;
  const { stream, size, first, last } = found;
  response.writeHead(range ? 206 : 200, {
    'Content-Type': 'audio/ogg',
    'Content-Length': last - first + 1,
    'Accept-Ranges': 'bytes',
    // A person's own voice: kept nowhere on the way.
    'Cache-Control': 'private, no-store',
    ...(range && { 'Content-Range': `bytes ${first}-${last}/${size}` }),
    ...(url.searchParams.has('download') && {
      'Content-Disposition': `attachment; filename="ailingva-${callId.slice(0, 8)}-${part}.ogg"`,
    }),
  });
  if (request.method === 'HEAD') {
    stream.destroy();
    response.end();
    return;
  }
  // A listener who goes away is no failure.
  await pipeline(stream, response).catch(() => response.destroy());
}

async function admit(
  { recordings, passes, authenticator, onListened }: RecordingHttpOptions,
  asked: {
    readonly callId: string;
    readonly part: number;
    readonly pass: string | null;
    readonly authorization: string | undefined;
    readonly ip: string;
  },
): Promise<void> {
  const { callId, part, pass } = asked;
  if (pass !== null && passes.isGood(pass, callId, part)) return;
  if (pass !== null && asked.authorization === undefined) throw passInvalid();
  const principal: Principal = await authenticator.authenticate(asked.authorization);
  const owner = await recordings.ownerOf(callId);
  if (owner === principal.userId) return;
  // A stranger does not learn that there is such a call.
  if (owner === undefined || !listeners.includes(principal.role)) throw recordingNotFound();
  await onListened({ actorId: principal.userId, callId, part, ip: asked.ip });
}

function partOf(url: URL): number {
  const part = url.searchParams.get('part') ?? '1';
  if (!/^\d{1,4}$/.test(part)) throw recordingNotFound();
  return Number(part);
}

/** One range, as players ask for; several are answered with the whole file, which is allowed (RFC 9110, section 14.2). */
function parseRange(header: string | undefined): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  return { first: first === '' ? undefined : Number(first), last: last === '' ? undefined : Number(last) };
}

function passInvalid(): AppError {
  return new AppError({
    code: 'recording_pass_invalid',
    kind: 'unauthenticated',
    message: 'This link to a recording is not good any more. Open the call again.',
  });
}
