import { Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import {
  CodeType,
  RawAudio_AudioEncoding,
  type StreamingOptions,
  type StreamingRequest,
  type StreamingResponse,
  TextNormalizationOptions_TextNormalization as Normalization,
} from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt';

import type { Clock, Timer } from '../../platform/clock.ts';
import type { Ear, EarSession } from './ear.ts';
import { type Fault, faultError, GARBAGE, serviceError } from './fault.ts';
import { RecognizerAnswers } from './recognizer-answers.ts';

export interface RecognizerLimits {
  /** Audio, and life by the clock. */
  readonly maxSessionMs: number;
  readonly maxBytes: number;
  /** Ends after so long without a message. */
  readonly idleMs: number;
  readonly statusEveryMs: number;
  /** Partials come when so much audio has come. */
  readonly partialEveryMs: number;
  /** The default classifier ends an utterance after so much silence. */
  readonly pauseMs: number;
  /** Audio may come so much faster than it is spoken; then the server warns. */
  readonly maxAheadMs: number;
}

export const RECOGNIZER_LIMITS: RecognizerLimits = {
  maxSessionMs: 300_000,
  maxBytes: 10 * 1024 * 1024,
  idleMs: 5_000,
  statusEveryMs: 2_000,
  partialEveryMs: 200,
  pauseMs: 600,
  maxAheadMs: 5_000,
};

/** What a session was asked to do, for a test to look at. */
export interface RecognitionRecord {
  readonly requestId: string;
  readonly folderId: string | undefined;
  options: StreamingOptions | undefined;
  audioMs: number;
  silenceMs: number;
  bytes: number;
  ended: boolean;
}

export type RecognizerCall = ServerDuplexStream<StreamingRequest, StreamingResponse | Buffer>;

export interface RecognizerSessionOptions {
  readonly call: RecognizerCall;
  readonly record: RecognitionRecord;
  readonly ear: Ear;
  readonly limits: RecognizerLimits;
  readonly clock: Clock;
  readonly fault: Fault | undefined;
  readonly reset: () => void;
  /** What normalization makes of a final. */
  readonly normalize: (text: string) => string;
  /** Sends refinements where they are asked for. */
  readonly refine: boolean;
}

const LANGUAGES = new Set(['auto', 'ru-RU', 'en-US', 'de-DE', 'tr-TR', 'kk-KZ', 'uz-UZ', 'es-ES', 'fr-FR']);

/** One `RecognizeStreaming`: the session's rules, and the order of what the service answers. */
export class RecognizerSession {
  readonly #options: RecognizerSessionOptions;
  readonly #uuid = crypto.randomUUID();
  readonly #answers: RecognizerAnswers;
  readonly #timers = new Set<Timer>();
  readonly #openedAtMs: number;
  #ear: EarSession | undefined;
  #sampleRate = 16_000;
  #external = false;
  #normalized = false;
  #idleTimer: Timer | undefined;
  #silentMs = 0;
  #warned = false;
  #over = false;
  /** Finals are made one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: RecognizerSessionOptions) {
    this.#options = options;
    this.#openedAtMs = options.clock.monotonicMs();
    this.#answers = new RecognizerAnswers({
      uuid: this.#uuid,
      userRequestId: options.record.requestId,
      clock: options.clock,
      receivedMs: () => options.record.audioMs,
      write: (response) => {
        if (!this.#over) options.call.write(response);
      },
    });
    const { call } = options;
    call.on('data', (message: StreamingRequest) => this.#receive(message));
    call.on('end', () => this.#finish());
    call.on('cancelled', () => this.#stop());
    call.on('error', () => this.#stop());
    const metadata = new Metadata();
    metadata.set('x-request-id', this.#uuid);
    call.sendMetadata(metadata);
    this.#watchIdleness();
    this.#checkFault();
  }

  #receive(message: StreamingRequest): void {
    if (this.#over) return;
    this.#watchIdleness();
    const { sessionOptions, chunk, silenceChunk, eou } = message;
    if (!this.#ear) {
      if (sessionOptions) this.#begin(sessionOptions);
      else this.#refuse('Session options must be the first message');
    } else if (sessionOptions) this.#refuse('Session options may be sent once');
    else if (chunk) this.#hearChunk(chunk.data);
    else if (silenceChunk) this.#hearSilence(silenceChunk.durationMs);
    else if (eou) {
      if (this.#external) this.#conclude(this.#options.record.audioMs);
      else this.#refuse('Eou is allowed with the external classifier only');
    }
  }

  #begin(options: StreamingOptions): void {
    const { recognitionModel, eouClassifier } = options;
    const raw = recognitionModel?.audioFormat?.rawAudio;
    const languages = recognitionModel?.languageRestriction?.languageCode ?? [];
    if (raw?.audioEncoding !== RawAudio_AudioEncoding.LINEAR16_PCM || raw.audioChannelCount !== 1) {
      this.#refuse('Only single channel LINEAR16_PCM is understood here');
    } else if (raw.sampleRateHertz < 8_000 || raw.sampleRateHertz > 48_000) {
      this.#refuse('Sample rate must be from 8000 to 48000');
    } else if (languages.some((code) => !LANGUAGES.has(code))) {
      this.#refuse('Unsupported language code');
    } else {
      this.#options.record.options = options;
      this.#sampleRate = raw.sampleRateHertz;
      this.#external = eouClassifier?.externalClassifier !== undefined;
      this.#normalized =
        recognitionModel?.textNormalization?.textNormalization === Normalization.TEXT_NORMALIZATION_ENABLED;
      this.#ear = this.#options.ear.listen({ languages, sampleRate: this.#sampleRate });
      this.#status();
    }
  }

  #hearChunk(data: Buffer): void {
    if (data.length % 2 === 1) {
      this.#refuse('A chunk must hold whole samples');
      return;
    }
    const { record } = this.#options;
    record.bytes += data.length;
    const samples = new Int16Array(data.length / 2);
    new Uint8Array(samples.buffer).set(data);
    this.#hear(samples);
  }

  #hearSilence(durationMs: number): void {
    this.#options.record.silenceMs += durationMs;
    this.#hear(new Int16Array((durationMs * this.#sampleRate) / 1_000));
  }

  #hear(samples: Int16Array): void {
    const { record, limits, clock } = this.#options;
    const lengthMs = (samples.length * 1_000) / this.#sampleRate;
    record.audioMs += lengthMs;
    const ageMs = clock.monotonicMs() - this.#openedAtMs;
    if (record.audioMs > limits.maxSessionMs || ageMs > limits.maxSessionMs) {
      this.#refuse('Audio should be less than 5 min');
      return;
    }
    if (record.bytes > limits.maxBytes) {
      this.#refuse('Audio should be less than 10 MB');
      return;
    }
    if (this.#checkFault()) return;
    this.#ear?.hear(samples);
    if (record.audioMs - ageMs > limits.maxAheadMs && !this.#warned) {
      this.#warned = true;
      this.#answers.status({ codeType: CodeType.WARNING, message: 'Speech is not sent in real time' });
    }
    this.#silentMs = samples.some((sample) => sample !== 0) ? 0 : this.#silentMs + lengthMs;
    if (record.audioMs - this.#answers.partialMs >= limits.partialEveryMs) {
      this.#answers.partial(this.#ear?.partial() ?? []);
    }
    if (!this.#external && this.#silentMs >= limits.pauseMs && (this.#ear?.partial().length ?? 0) > 0) {
      this.#conclude(record.audioMs - this.#silentMs);
    }
  }

  #conclude(eouMs: number): void {
    this.#answers.forgetPartial();
    this.#silentMs = 0;
    const { normalize, refine, record } = this.#options;
    const untilMs = record.audioMs;
    // Now: what is heard from here on belongs to the next final.
    const settled = this.#ear?.conclude() ?? Promise.resolve([]);
    this.#work = this.#work.then(async () => {
      this.#answers.final(await settled, { untilMs, eouMs }, this.#normalized && refine ? normalize : undefined);
    });
  }

  #finish(): void {
    if (this.#over) return;
    if ((this.#ear?.partial().length ?? 0) > 0) this.#conclude(this.#options.record.audioMs);
    void this.#work.then(() => {
      if (this.#over) return;
      this.#answers.status({ codeType: CodeType.CLOSED, message: '' });
      this.#stop();
      this.#options.call.end();
    });
  }

  #status(): void {
    if (this.#over) return;
    this.#answers.status({ codeType: CodeType.WORKING, message: '' });
    const timer = this.#options.clock.after(this.#options.limits.statusEveryMs, () => {
      this.#timers.delete(timer);
      this.#status();
    });
    this.#timers.add(timer);
  }

  #watchIdleness(): void {
    this.#idleTimer?.cancel();
    this.#idleTimer = this.#options.clock.after(this.#options.limits.idleMs, () => {
      this.#end(status.ABORTED, 'The session has timed out: no messages');
    });
  }

  /** @returns whether the call is over by it. */
  #checkFault(): boolean {
    const { fault, record, call, reset } = this.#options;
    if (!fault || record.audioMs < fault.afterMs) return false;
    if (fault.kind === 'garbage') call.write(GARBAGE);
    this.#stop();
    if (fault.kind === 'status') call.emit('error', faultError(fault));
    else if (fault.kind === 'reset') reset();
    else if (fault.kind === 'close') call.end();
    return true;
  }

  #refuse(details: string): void {
    this.#end(status.INVALID_ARGUMENT, details);
  }

  #end(code: status, details: string): void {
    if (this.#over) return;
    this.#stop();
    this.#options.call.emit('error', serviceError(code, details));
  }

  #stop(): void {
    this.#over = true;
    this.#options.record.ended = true;
    this.#idleTimer?.cancel();
    for (const timer of this.#timers) timer.cancel();
    this.#ear?.close();
  }
}
