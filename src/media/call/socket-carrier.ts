import { AppError, toAppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type { FrameQueueStats } from '../audio/frame-queue.ts';
import type { CallEventName, CallEvents, RequestAnswers } from '../protocol.ts';
import type { CallVoice } from './call-voice.ts';
import type { OpenSocketVoice, SocketVoicePort } from './ports.ts';

export interface SocketCarrierOptions {
  readonly voice: CallVoice;
  readonly open: OpenSocketVoice | undefined;
  readonly log: Logger;
  readonly send: <Name extends CallEventName>(name: Name, payload: CallEvents[Name]) => void;
  /** The voice goes over the socket now, or does not any more. */
  readonly onChanged: () => void;
}

export interface SocketCarrierStats extends FrameQueueStats {
  /** Times that the voice came to the socket. */
  readonly opened: number;
}

/** Whether one call's voice goes over its signaling at the moment, and the stream that it then is. */
export class SocketCarrier {
  readonly #options: SocketCarrierOptions;
  #voice: SocketVoicePort | undefined;
  #streams = 0;
  #stats: FrameQueueStats | undefined;
  #ended = false;

  constructor(options: SocketCarrierOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#voice !== undefined;
  }

  /** Begins a stream, or goes on with another recorder. @throws AppError `socket_voice_unavailable`, `transcoder_unavailable` */
  open(container: 'webm' | 'mp4' | 'ogg'): RequestAnswers['voice:open'] {
    const { open, voice, onChanged } = this.#options;
    if (!open || this.#ended) throw unavailable();
    const opened = this.#voice ?? this.#begin(open);
    try {
      opened.listen(container);
    } catch (error) {
      if (!this.#voice) opened.close();
      throw error;
    }
    if (!this.#voice) {
      this.#voice = opened;
      voice.useSocket(opened);
      onChanged();
    }
    return { stream: opened.stream, sample_rate: opened.sampleRate };
  }

  hear(stream: number, bytes: Uint8Array): void {
    if (this.#voice?.stream === stream) this.#voice.hear(bytes);
  }

  played(stream: number, playedMs: number): void {
    if (this.#voice?.stream === stream) this.#voice.played(playedMs);
  }

  /** By WebRTC again, where that stands. Idempotent. */
  close(): void {
    const closing = this.#voice;
    if (!closing) return;
    this.#voice = undefined;
    this.#stats = closing.queue.stats();
    this.#options.voice.useSocket(undefined);
    closing.close();
    if (!this.#ended) this.#options.onChanged();
  }

  /** For good. Idempotent. */
  end(): void {
    this.#ended = true;
    this.close();
  }

  /** Of the stream of now, or of the last one; nothing when there was none. */
  stats(): SocketCarrierStats | undefined {
    const queue = this.#voice?.queue.stats() ?? this.#stats;
    return queue && { opened: this.#streams, ...queue };
  }

  #begin(open: OpenSocketVoice): SocketVoicePort {
    const stream = ++this.#streams;
    return open({
      stream,
      send: this.#options.send,
      onFailed: (error) => {
        if (this.#voice?.stream !== stream) return;
        const { code } = toAppError(error);
        this.#options.log.warn({ err: error, code }, 'The voice over the socket broke off');
        this.close();
        this.#options.send('voice:failed', { stream, code });
      },
    });
  }
}

function unavailable(): AppError {
  return new AppError({
    code: 'socket_voice_unavailable',
    kind: 'unavailable',
    message: 'This node carries voices by WebRTC alone.',
  });
}
