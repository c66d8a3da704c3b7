import { type ClientDuplexStream, status, type StatusObject } from '@grpc/grpc-js';
import {
  CodeType,
  type StreamingOptions,
  type StreamingRequest,
  type StreamingResponse,
} from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt';

import type { Clock, Timer } from '../../platform/clock.ts';

export type RecognitionCall = ClientDuplexStream<StreamingRequest, StreamingResponse>;

export interface RecognitionSessionOptions {
  readonly call: RecognitionCall;
  readonly requestId: string;
  readonly options: StreamingOptions;
  readonly clock: Clock;
  /** A session ends when nothing is sent for some seconds: after so much quiet, silence is sent. */
  readonly keepAliveMs: number;
  readonly onResponse: (response: StreamingResponse) => void;
  /** For example that audio comes faster than it can have been spoken. */
  readonly onWarning: (detail: string) => void;
  /** Comes once, unless the session was cancelled before. */
  readonly onEnd: (end: StatusObject) => void;
}

const BYTES_PER_MS = 32;

/** One call of `RecognizeStreaming`. It lives 5 minutes and 10 MB at most; who uses it looks at its age. */
export class RecognitionSession {
  readonly requestId: string;
  readonly #options: RecognitionSessionOptions;
  readonly #call: RecognitionCall;
  readonly #openedAtMs: number;
  #keepAlive: Timer | undefined;
  #state: 'open' | 'finished' | 'ended' = 'open';
  #audioMs = 0;
  #audioBytes = 0;
  #lastSentAtMs: number;
  #lastHeardAtMs: number | undefined;

  constructor(options: RecognitionSessionOptions) {
    this.#options = options;
    this.requestId = options.requestId;
    this.#call = options.call;
    this.#openedAtMs = options.clock.monotonicMs();
    this.#lastSentAtMs = this.#openedAtMs;
    this.#call.on('data', (response: StreamingResponse) => {
      if (this.#state === 'ended') return;
      this.#lastHeardAtMs = options.clock.monotonicMs();
      const { statusCode } = response;
      if (statusCode?.codeType === CodeType.WARNING) options.onWarning(statusCode.message);
      else options.onResponse(response);
    });
    // The status says the same, and always comes.
    this.#call.on('error', () => undefined);
    this.#call.on('status', (end: StatusObject) => this.#end(end));
    this.#send({ sessionOptions: options.options });
    this.#stayAlive();
  }

  /** How much audio it was given, silence included: the session's own time. */
  get audioMs(): number {
    return this.#audioMs;
  }

  get audioBytes(): number {
    return this.#audioBytes;
  }

  get ageMs(): number {
    return Math.max(this.#audioMs, this.#options.clock.monotonicMs() - this.#openedAtMs);
  }

  /** When the server last said anything, on the clock. */
  get lastHeardAtMs(): number | undefined {
    return this.#lastHeardAtMs;
  }

  /** Messages that wait for the network or the server. */
  get unsentMessages(): number {
    return this.#call.writableLength;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  sendAudio(data: Buffer): void {
    if (this.#state !== 'open') return;
    this.#audioMs += data.length / BYTES_PER_MS;
    this.#audioBytes += data.length;
    this.#send({ chunk: { data } });
  }

  sendSilence(durationMs: number): void {
    if (this.#state !== 'open') return;
    this.#audioMs += durationMs;
    this.#send({ silenceChunk: { durationMs } });
  }

  /** Asks for the final of what was sent since the last one. */
  sendEndOfUtterance(): void {
    if (this.#state === 'open') this.#send({ eou: {} });
  }

  /** Nothing more will be sent; what the server still has to say is heard. */
  finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'finished';
    this.#keepAlive?.cancel();
    this.#call.end();
  }

  /**
   * Nothing is heard of it any more; the server ends it in peace. Servers close a connection on which too many calls are
   * cancelled, and all calls share it.
   */
  leave(): void {
    this.finish();
    this.#state = 'ended';
  }

  /** Ends it at once, whatever the server is at; nothing is heard of it any more. Idempotent. */
  cancel(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#keepAlive?.cancel();
    this.#call.cancel();
  }

  #send(message: StreamingRequest): void {
    this.#lastSentAtMs = this.#options.clock.monotonicMs();
    this.#call.write(message);
  }

  #stayAlive(): void {
    const { clock, keepAliveMs } = this.#options;
    const quietMs = clock.monotonicMs() - this.#lastSentAtMs;
    if (quietMs >= keepAliveMs) this.sendSilence(Math.round(quietMs));
    const restMs = keepAliveMs - (clock.monotonicMs() - this.#lastSentAtMs);
    this.#keepAlive = clock.after(Math.max(1, restMs), () => this.#stayAlive());
  }

  #end(end: StatusObject): void {
    if (this.#state === 'ended') return;
    const asked = this.#state === 'finished';
    this.#state = 'ended';
    this.#keepAlive?.cancel();
    // A server may cancel what was already over.
    this.#options.onEnd(asked && end.code === status.CANCELLED ? { ...end, code: status.OK } : end);
  }
}
