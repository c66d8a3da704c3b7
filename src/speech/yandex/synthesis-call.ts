import { status, type ClientReadableStream, type StatusObject } from '@grpc/grpc-js';
import type { UtteranceSynthesisResponse } from '@yandex-cloud/nodejs-sdk/ai-tts-v3/tts';

import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { EngineError, SynthesisEvent } from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { PcmAssembler } from '../pcm-assembler.ts';
import { describeStatus, engineError, errorOfStatus } from './status.ts';

export interface SynthesisDeadlines {
  /** From the request to the first audio. */
  readonly firstAudioDeadlineMs: number;
  /** From one piece of audio to the next. */
  readonly stallDeadlineMs: number;
}

export interface SynthesisCallOptions extends SynthesisDeadlines {
  /** Both methods answer with the same fields. */
  readonly call: ClientReadableStream<UtteranceSynthesisResponse>;
  readonly requestId: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One call of the synthesizer: its sound as it comes, whether it is read or not. */
export class SynthesisCall {
  readonly audio = new EventQueue<SynthesisEvent>();
  readonly #options: SynthesisCallOptions;
  readonly #pcm = new PcmAssembler();
  #timer: Timer | undefined;
  #ended = false;

  constructor(options: SynthesisCallOptions) {
    this.#options = options;
    this.#waitFor(options.firstAudioDeadlineMs, 'SpeechKit did not begin to speak in time.');
    options.call.on('data', (response: UtteranceSynthesisResponse) => this.#receive(response));
    // The status says the same, and always comes.
    options.call.on('error', () => undefined);
    options.call.on('status', (end: StatusObject) => this.#end(end));
  }

  /** Nothing is heard of it any more. Idempotent. */
  cancel(): void {
    this.audio.endNow();
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    this.#options.call.cancel();
  }

  /** Ends it with an error behind what has come. */
  fail(error: EngineError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    this.#options.call.cancel();
    this.audio.fail(error);
  }

  #receive({ audioChunk }: UtteranceSynthesisResponse): void {
    if (this.#ended || !audioChunk) return;
    const samples = this.#pcm.push(audioChunk.data);
    if (samples.length === 0) return;
    this.#waitFor(this.#options.stallDeadlineMs, 'SpeechKit stopped amid a sentence.');
    this.audio.push({ type: 'audio', samples });
  }

  #waitFor(deadlineMs: number, message: string): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(deadlineMs, () => {
      this.#options.log.warn({ requestId: this.#options.requestId }, 'A synthesis was too slow');
      this.fail(engineError('engine_timed_out', message));
    });
  }

  #end(end: StatusObject): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    if (end.code === status.OK) {
      this.audio.end();
      return;
    }
    const { log, requestId } = this.#options;
    log.warn({ requestId, ...describeStatus(end, { mayQuote: true }) }, 'A synthesis failed');
    // The status may quote the text.
    this.audio.fail(errorOfStatus(end.code));
  }
}
