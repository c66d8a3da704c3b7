import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';

export const SAMPLES_PER_MS = 24;

export type ClientEvent = Readonly<Record<string, unknown>> & { readonly type: string };

/** What a session was told and did, for a test to look at. Audio is counted, not kept. */
export interface SessionRecord {
  readonly id: string;
  readonly kind: 'realtime' | 'transcription';
  readonly received: ClientEvent[];
  audioMs: number;
  appends: number;
  /** The settings as they stand. */
  settings: Readonly<Record<string, unknown>>;
  closed: boolean;
  /** Ends it as its 60 minutes do. */
  expire(): void;
  /** Cuts the connection. */
  cut(): void;
}

export function newId(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 21)}`;
}

/** One session's side of the socket: events with ids, errors in the vendor's form. */
export class Wire {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  send(type: string, data: object = {}): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify({ type, event_id: newId('event'), ...data }));
  }

  error(code: string | null, message: string, clientEventId?: unknown, type = 'invalid_request_error'): void {
    this.send('error', {
      error: { type, code, message, param: null, event_id: typeof clientEventId === 'string' ? clientEventId : null },
    });
  }

  garbage(): void {
    this.#socket.send('{"type": "response.outp');
  }

  /** The vendor's way of ending a session that is too old. */
  expire(): void {
    this.error('session_expired', 'Your session hit the maximum duration of 60 minutes.');
    this.#socket.close(1_001);
  }

  cut(): void {
    this.#socket.terminate();
  }
}

export function samplesOf(base64: unknown): Int16Array | undefined {
  if (typeof base64 !== 'string') return undefined;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.length % 2 === 1) return undefined;
  const samples = new Int16Array(bytes.length / 2);
  new Uint8Array(samples.buffer).set(bytes);
  return samples;
}
