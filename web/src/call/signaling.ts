import { io } from 'socket.io-client';
import type {
  CallEventName,
  CallEvents,
  ErrorMessage,
  Reply,
  RequestAnswers,
  RequestName,
  RequestPayload,
} from '../../../src/media/protocol.ts';

/** A request that was answered with an error, or not at all (`network`). */
export class SignalingError extends Error {
  override readonly name = 'SignalingError';
  readonly code: string;
  readonly retryable: boolean;

  constructor(error: ErrorMessage) {
    super(error.message);
    this.code = error.code;
    this.retryable = error.retryable;
  }
}

export interface SignalingEvents {
  /** The connection stands; `again` when it stood before. */
  connected(again: boolean): void;
  /** The connection is lost and will be sought again by itself. */
  lost(): void;
  /** It will not come back: the server refused it. */
  refused(code: string): void;
  event<Name extends CallEventName>(name: Name, payload: CallEvents[Name]): void;
}

export interface Signaling {
  /** Without an answer; goes nowhere while there is no connection. */
  tell<Name extends RequestName>(name: Name, payload: RequestPayload<Name>): void;
  /** @throws SignalingError */
  request<Name extends RequestName>(name: Name, payload: RequestPayload<Name>): Promise<RequestAnswers[Name]>;
  /** Idempotent. */
  close(): void;
}

export type OpenSignaling = (options: { path: string; token: string; events: SignalingEvents }) => Signaling;

const ANSWER_TIMEOUT_MS = 8_000;
/** Each of the protocol's, for one that is not listened to is lost without a word. */
const listenedTo: Readonly<Record<CallEventName, true>> = {
  'call:phase': true,
  'caption:update': true,
  'turn:latency': true,
  'minutes:left': true,
  'call:notice': true,
  'call:recording': true,
  'call:taken-over': true,
  'call:ended': true,
  'voice:sound': true,
  'voice:pause': true,
  'voice:resume': true,
  'voice:drop': true,
  'voice:failed': true,
};
const eventNames = Object.keys(listenedTo) as CallEventName[];

export const openSignaling: OpenSignaling = ({ path, token, events }) => {
  const socket = io({
    path,
    auth: { token },
    // WebSocket at once; long polling only where a network eats it.
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 300,
    reconnectionDelayMax: 2_000,
    timeout: 6_000,
    forceNew: true,
  });
  let connectedBefore = false;
  let closed = false;

  socket.on('connect', () => {
    events.connected(connectedBefore);
    connectedBefore = true;
  });
  socket.on('disconnect', (reason) => {
    if (closed) return;
    events.lost();
    // The server's own disconnect is not sought again by socket.io; the call may still be there (a deploy, a flood limit).
    if (reason === 'io server disconnect') socket.connect();
  });
  socket.on('connect_error', (error: Error & { data?: { code?: unknown } }) => {
    // Inactive: the server answered and said no. Active: the network; socket.io goes on trying.
    if (!closed && !socket.active) events.refused(typeof error.data?.code === 'string' ? error.data.code : 'refused');
  });
  for (const name of eventNames) {
    socket.on(name, (payload: CallEvents[typeof name]) => {
      if (!closed) events.event(name, payload);
    });
  }

  return {
    tell(name, payload) {
      // Sound that waited for a connection would be late sound.
      if (socket.connected) socket.emit(name, payload);
    },
    async request(name, payload) {
      let reply: Reply<RequestAnswers[typeof name]>;
      try {
        reply = (await socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(name, payload)) as typeof reply;
      } catch {
        throw new SignalingError({ code: 'network', message: `No answer to ${name}`, retryable: true });
      }
      if (!reply.ok) throw new SignalingError(reply.error);
      return reply.data;
    },
    close() {
      closed = true;
      socket.close();
    },
  };
};
