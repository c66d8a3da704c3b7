import type { IncomingMessage } from 'node:http';

import type { RealtimeClientEvent, SessionUpdateEvent } from 'openai/resources/realtime/realtime';
import { type RawData, WebSocket } from 'ws';

import type { Timer } from '../../platform/clock.ts';
import type { EngineError } from '../engine.ts';
import { engineError, errorOfFailure, readRetryAfter } from './engine-errors.ts';
import type { OpenAiContext } from './options.ts';
import { parseRealtimeEvent, type RealtimeEvent } from './realtime-events.ts';

/** 24 kHz, 16 bit, in base64. */
export const WIRE_BYTES_PER_MS = (24 * 2 * 4) / 3;
/** One answer's message is some kilobytes. */
const MAX_MESSAGE_BYTES = 4 * 1_024 * 1_024;
const MAX_REFUSAL_BYTES = 16 * 1_024;
const PING_MS = 15_000;
const PONG_MS = 10_000;
const CLOSE_MS = 2_000;

export interface RealtimeSocketOptions {
  readonly context: OpenAiContext;
  /** What stands behind `/realtime`: the model, or the intent. */
  readonly query: Readonly<Record<string, string>>;
  readonly session: SessionUpdateEvent['session'];
  readonly onEvent: (event: RealtimeEvent) => void;
  /** It broke off, was refused or ended by the other side; not after `close()`. Once. */
  readonly onEnd: (error: EngineError) => void;
}

/**
 * One session's connection: the SDK's event types over a WebSocket of our own, since the SDK's forces TLS, parses what we do
 * not read and hides how much waits to be sent. What is sent before it is open waits in order, behind the session's settings.
 */
export class RealtimeSocket {
  readonly #options: RealtimeSocketOptions;
  readonly #socket: WebSocket;
  #waiting: string[] | undefined = [];
  #waitingBytes = 0;
  #ended = false;
  readonly #openTimer: Timer;
  #pingTimer: Timer | undefined;
  #requestId: string | undefined;

  constructor(options: RealtimeSocketOptions) {
    this.#options = options;
    const { apiKey, baseUrl, clock, limits } = options.context;
    const url = new URL(`${baseUrl.replace(/^http/, 'ws')}/realtime`);
    for (const [name, value] of Object.entries(options.query)) url.searchParams.set(name, value);
    this.#socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${apiKey()}` },
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    this.#openTimer = clock.after(limits.openMs, () =>
      this.#fail(engineError('engine_timed_out', 'OpenAI did not open a session in time.')),
    );
    this.#socket
      .on('upgrade', (response: IncomingMessage) => (this.#requestId = headerOf(response, 'x-request-id')))
      .on('unexpected-response', (_request, response: IncomingMessage) => void this.#refused(response))
      .on('open', () => this.#opened())
      .on('message', (data: RawData) => this.#receive(data))
      .on('pong', () => this.#armPing())
      .on('error', (cause) => this.#fail(engineError('engine_unavailable', 'OpenAI cannot be reached.', { cause })))
      .on('close', (code: number) => this.#closedByOther(code));
  }

  /** For the log: what the vendor's support asks for. */
  get requestId(): string | undefined {
    return this.#requestId;
  }

  send(event: RealtimeClientEvent): void {
    this.#write(JSON.stringify(event));
  }

  /** @param audio base64 of PCM at 24 kHz; goes out at once. */
  append(audio: string): void {
    this.#write(`{"type":"input_audio_buffer.append","audio":"${audio}"}`);
  }

  /** Idempotent. */
  close(): void {
    // Closed before, or broken off by itself.
    if (this.#ended) return;
    this.#end();
    // Before it is open there is nobody to say goodbye to.
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate();
    else {
      this.#socket.close(1_000);
      const timer = this.#options.context.clock.after(CLOSE_MS, () => this.#socket.terminate());
      this.#socket.once('close', () => timer.cancel());
    }
  }

  #write(message: string): void {
    if (this.#ended) return;
    let unsentBytes: number;
    if (this.#waiting) {
      this.#waiting.push(message);
      unsentBytes = this.#waitingBytes += message.length;
    } else {
      this.#socket.send(message);
      unsentBytes = this.#socket.bufferedAmount;
    }
    const { limits } = this.#options.context;
    // While it opens, its deadline bounds what waits.
    const allowedMs = this.#waiting ? limits.maxUnsentMs + limits.openMs : limits.maxUnsentMs;
    if (unsentBytes > allowedMs * WIRE_BYTES_PER_MS) {
      this.#fail(engineError('engine_timed_out', 'OpenAI does not keep up.'));
    }
  }

  #opened(): void {
    if (this.#ended) return;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.send({ type: 'session.update', session: this.#options.session });
    for (const message of waiting) this.#socket.send(message);
    this.#armPing();
  }

  #receive(data: RawData): void {
    if (this.#ended) return;
    let event: RealtimeEvent | undefined;
    try {
      // Text messages come as one buffer.
      event = parseRealtimeEvent((data as Buffer).toString());
    } catch (cause) {
      this.#fail(engineError('engine_failed', 'OpenAI said something unreadable.', { cause }));
      return;
    }
    if (!event) return;
    if (event.type === 'session.created') this.#openTimer.cancel();
    this.#options.onEvent(event);
  }

  async #refused(response: IncomingMessage): Promise<void> {
    const { statusCode: status } = response;
    const { log } = this.#options.context;
    let body = '';
    try {
      response.setEncoding('utf8');
      for await (const text of response) {
        body += String(text);
        if (body.length > MAX_REFUSAL_BYTES) break;
      }
    } catch {
      // The status says enough.
    }
    const { code, type } = failureIn(body);
    log.warn(
      { engine: 'openai', status, code, requestId: headerOf(response, 'x-request-id') },
      'OpenAI refused a connection',
    );
    const retryAfterMs = readRetryAfter((name) => headerOf(response, name));
    this.#fail(errorOfFailure({ status, code, type, retryAfterMs }));
  }

  #closedByOther(code: number): void {
    const { log } = this.#options.context;
    if (!this.#ended) log.warn({ engine: 'openai', code, requestId: this.#requestId }, 'OpenAI ended a connection');
    this.#fail(engineError('engine_failed', 'OpenAI broke off.'));
  }

  /** A silent network is found out, also while nobody speaks. */
  #armPing(): void {
    if (this.#ended) return;
    const { clock } = this.#options.context;
    this.#pingTimer?.cancel();
    this.#pingTimer = clock.after(PING_MS, () => {
      this.#socket.ping();
      this.#pingTimer = clock.after(PONG_MS, () =>
        this.#fail(engineError('engine_timed_out', 'OpenAI has fallen silent.')),
      );
    });
  }

  #fail(error: EngineError): void {
    if (this.#ended) return;
    this.#end();
    this.#socket.terminate();
    this.#options.onEnd(error);
  }

  #end(): void {
    this.#ended = true;
    this.#waiting = undefined;
    this.#openTimer.cancel();
    this.#pingTimer?.cancel();
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function failureIn(body: string): { readonly code?: string; readonly type?: string } {
  try {
    const { error } = JSON.parse(body) as { readonly error?: { readonly code?: unknown; readonly type?: unknown } };
    return {
      ...(typeof error?.code === 'string' && { code: error.code }),
      ...(typeof error?.type === 'string' && { type: error.type }),
    };
  } catch {
    return {};
  }
}
