import { io, type Socket } from 'socket.io-client';
import type {
  CallEventName,
  CallEvents,
  ErrorMessage,
  Reply,
  RequestAnswers,
  RequestName,
  RequestPayload,
} from '../../media/protocol.ts';
import { within } from './deadline.ts';

/** The other side refused a request. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: string;
  readonly retryable: boolean;

  constructor(request: string, error: ErrorMessage) {
    super(`${request}: ${error.code}: ${error.message}`);
    this.code = error.code;
    this.retryable = error.retryable;
  }
}

export type RecordedEvent = {
  [Name in CallEventName]: { readonly name: Name; readonly payload: CallEvents[Name]; readonly atMs: number };
}[CallEventName];

export interface SignalingOptions {
  /** Origin, for example `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Path of socket.io on it. */
  readonly path: string;
  readonly token: string;
  readonly deadlineMs?: number;
}

/** One socket.io connection that speaks the call's protocol and records every event. Never reconnects by itself. */
export class SignalingClient {
  /** In order of arrival; `atMs` is `performance.now()`. */
  readonly events: RecordedEvent[] = [];
  readonly disconnected: Promise<string>;
  readonly #socket: Socket;
  readonly #deadlineMs: number;
  readonly #waiting = new Set<() => void>();
  readonly #listeners: ((event: RecordedEvent) => void)[] = [];

  private constructor(socket: Socket, deadlineMs: number) {
    this.#socket = socket;
    this.#deadlineMs = deadlineMs;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.disconnected = promise;
    socket.on('disconnect', (reason) => {
      resolve(reason);
      this.#wake();
    });
    socket.onAny((name: string, payload: unknown) => {
      const event = { name, payload, atMs: performance.now() } as RecordedEvent;
      this.events.push(event);
      for (const listen of this.#listeners) listen(event);
      this.#wake();
    });
  }

  /** Rejects with `RefusedError` when the token is not accepted. */
  static async connect({ url, path, token, deadlineMs = 30_000 }: SignalingOptions): Promise<SignalingClient> {
    const socket = io(url, {
      path,
      auth: { token },
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      autoConnect: false,
    });
    const client = new SignalingClient(socket, deadlineMs);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('connect', () => resolve());
    socket.once('connect_error', (error: Error & { data?: ErrorMessage }) => {
      reject(error.data ? new RefusedError('connect', error.data) : error);
    });
    socket.connect();
    try {
      await within(promise, deadlineMs, 'connect');
      return client;
    } catch (error) {
      socket.disconnect();
      throw error;
    }
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** The answer's data. @throws RefusedError. */
  async request<Name extends RequestName>(name: Name, payload: RequestPayload<Name>): Promise<RequestAnswers[Name]> {
    const reply = (await this.requestRaw(name, payload)) as Reply<RequestAnswers[Name]>;
    if (!reply.ok) throw new RefusedError(name, reply.error);
    return reply.data;
  }

  /** Anything at all, as a broken or hostile page would send it. */
  async requestRaw(name: string, ...payload: unknown[]): Promise<unknown> {
    return await this.#socket.timeout(this.#deadlineMs).emitWithAck(name, ...payload);
  }

  /** Every event from now on, as it comes. */
  onEvent(listen: (event: RecordedEvent) => void): void {
    this.#listeners.push(listen);
  }

  /** Sends without asking for an answer. */
  emitRaw(name: string, ...payload: unknown[]): void {
    this.#socket.emit(name, ...payload);
  }

  /** The first event of this name, also one that has come already, for which `matches` holds. */
  async event<Name extends CallEventName>(
    name: Name,
    matches: (payload: CallEvents[Name]) => boolean = () => true,
    deadlineMs = this.#deadlineMs,
  ): Promise<CallEvents[Name]> {
    const { promise, resolve, reject } = Promise.withResolvers<CallEvents[Name]>();
    let seen = 0;
    const look = () => {
      for (; seen < this.events.length; seen++) {
        const event = this.events[seen];
        const payload = event?.payload as CallEvents[Name];
        if (event?.name === name && matches(payload)) return resolve(payload);
      }
      if (!this.#socket.connected) reject(new Error(`${name} has not come and the connection is closed`));
    };
    this.#waiting.add(look);
    look();
    try {
      return await within(promise, deadlineMs, name);
    } finally {
      this.#waiting.delete(look);
    }
  }

  /** Idempotent. */
  close(): void {
    this.#socket.disconnect();
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }
}
