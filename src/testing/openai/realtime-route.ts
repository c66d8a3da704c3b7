import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';

import { type Faults, type Refusal, REFUSALS } from './faults.ts';
import type { Conversation } from './conversation.ts';
import type { Mind } from './mind.ts';
import { RealtimeConversation } from './realtime-conversation.ts';
import { TranscriptionConversation } from './transcription-conversation.ts';
import { type ClientEvent, newId, type SessionRecord, Wire } from './wire.ts';

export interface RealtimeRouteContext {
  readonly accepts: (authorization: string | undefined) => boolean;
  readonly mind: Mind;
  readonly faults: Faults;
  readonly pace: number;
  readonly silentConflicts: boolean;
  readonly sessionLimitMs: number;
  readonly onSession: (record: SessionRecord) => void;
  readonly onAppend: ((record: SessionRecord) => void) | undefined;
}

/** `GET /v1/realtime`: sessions that talk, and with `intent=transcription` sessions that only hear. Returns their end. */
export function serveRealtime(server: Server, context: RealtimeRouteContext): () => void {
  const sockets = new WebSocketServer({ noServer: true });
  const hanging = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    const url = new URL(request.url ?? '/', 'http://local');
    const fault = context.faults.takeEarly();
    if (fault === 'hang') {
      hanging.add(
        socket
          .resume()
          .on('end', () => socket.destroy())
          .on('close', () => hanging.delete(socket)),
      );
      return;
    }
    if (fault) return refuse(socket, REFUSALS[fault]);
    if (!context.accepts(request.headers.authorization)) return refuse(socket, REFUSALS.bad_key);
    const transcribes = url.searchParams.get('intent') === 'transcription';
    if (url.pathname !== '/v1/realtime' || (!transcribes && !url.searchParams.get('model'))) {
      return refuse(socket, { status: 400, error: { ...REFUSALS.bad_key.error, code: 'missing_model' } });
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, transcribes, url, context));
  });
  return () => {
    for (const webSocket of sockets.clients) webSocket.terminate();
    for (const socket of hanging) socket.destroy();
    sockets.close();
  };
}

function refuse(socket: Duplex, { status, error, headers = {} }: Refusal): void {
  const body = JSON.stringify({ error });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${newId('req')}`,
    'connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function serve(socket: WebSocket, transcribes: boolean, url: URL, context: RealtimeRouteContext): void {
  const wire = new Wire(socket);
  const abort = new AbortController();
  const record: SessionRecord = {
    id: newId('sess'),
    kind: transcribes ? 'transcription' : 'realtime',
    received: [],
    audioMs: 0,
    appends: 0,
    settings: {},
    closed: false,
    expire: () => wire.expire(),
    cut: () => wire.cut(),
  };
  const options = { ...context, wire, signal: abort.signal, record };
  const conversation: Conversation = transcribes
    ? new TranscriptionConversation(options)
    : new RealtimeConversation(options, url.searchParams.get('model') ?? '');
  const limit = setTimeout(() => wire.expire(), context.sessionLimitMs);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(limit);
    record.closed = true;
    abort.abort();
    conversation.close();
  });
  socket.on('message', (data: RawData) => {
    const event = readEvent((data as Buffer).toString());
    if (!event) return wire.error(null, 'We could not parse the JSON body of your message.');
    if (event.type !== 'input_audio_buffer.append') record.received.push(event);
    conversation.receive(event);
    record.settings = conversation.settings;
  });
  context.onSession(record);
  const session = { id: record.id, object: 'realtime.session', expires_at: Math.floor(Date.now() / 1_000) + 3_600 };
  wire.send('session.created', { session: { ...session, ...conversation.settings } });
}

function readEvent(text: string): ClientEvent | undefined {
  try {
    const event = JSON.parse(text) as ClientEvent;
    return typeof event?.type === 'string' ? event : undefined;
  } catch {
    return undefined;
  }
}
