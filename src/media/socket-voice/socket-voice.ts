import type { Clock } from '../../platform/clock.ts';
import { FrameQueue } from '../audio/frame-queue.ts';
import type { CallEventName, CallEvents } from '../protocol.ts';
import type { Transcoder } from '../transcoding/transcoder.ts';
import { MOUTH_SAMPLE_RATE, SocketMouth } from './socket-mouth.ts';
import { SocketEar } from './socket-ear.ts';

export interface SocketVoiceOptions {
  readonly transcoder: Transcoder;
  readonly clock: Clock;
  /** Numbers the streams of the call. */
  readonly stream: number;
  readonly send: <Name extends CallEventName>(name: Name, payload: CallEvents[Name]) => void;
  readonly onFailed: (error: unknown) => void;
  /** Called once. */
  readonly onClosed?: () => void;
}

const BITRATE = 48_000;

/** One call's voice over the signaling's connection: the page's recorder in, MP3 out. */
export class SocketVoice {
  readonly stream: number;
  readonly sampleRate = MOUTH_SAMPLE_RATE;
  readonly queue = new FrameQueue();
  readonly mouth: SocketMouth;
  readonly #ear: SocketEar;
  readonly #abort = new AbortController();
  readonly #onClosed: (() => void) | undefined;

  /** @throws AppError `transcoder_unavailable` */
  constructor({ transcoder, clock, stream, send, onFailed, onClosed }: SocketVoiceOptions) {
    this.#onClosed = onClosed;
    this.stream = stream;
    const fail = (error: unknown): void => {
      if (!this.#abort.signal.aborted) onFailed(error);
    };
    const encoder = transcoder.encodeMp3({
      sampleRate: MOUTH_SAMPLE_RATE,
      bitrate: BITRATE,
      signal: this.#abort.signal,
    });
    this.mouth = new SocketMouth({ encoder, stream, clock, send, onFailed: fail });
    this.#ear = new SocketEar({ transcoder, queue: this.queue, clock, onFailed: fail });
  }

  /** The page begins to record. @throws AppError `transcoder_unavailable` */
  listen(container: 'webm' | 'mp4' | 'ogg'): void {
    this.#ear.listen(container);
  }

  hear(bytes: Uint8Array): void {
    this.#ear.write(bytes);
  }

  played(positionMs: number): void {
    this.mouth.report(positionMs);
  }

  /** Idempotent. */
  close(): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#ear.close();
    this.mouth.close();
    this.#onClosed?.();
  }
}
