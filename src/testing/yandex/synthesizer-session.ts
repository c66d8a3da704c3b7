import { once } from 'node:events';

import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type {
  AudioFormatOptions,
  UtteranceSynthesisRequest,
  UtteranceSynthesisResponse,
} from '@yandex-cloud/nodejs-sdk/ai-tts-v3/tts';

import type { Clock } from '../../platform/clock.ts';
import { type Fault, faultError, GARBAGE, serviceError } from './fault.ts';
import type { ServerSpeech, ServerVoice } from './voice.ts';

export interface SynthesizerLimits {
  readonly maxCharacters: number;
  readonly maxAudioMs: number;
  readonly chunkMs: number;
}

export const SYNTHESIZER_LIMITS: SynthesizerLimits = { maxCharacters: 250, maxAudioMs: 24_000, chunkMs: 200 };

const ENGLISH_VOICES = new Set(['john']);
const RUSSIAN_VOICES = new Set(
  'alena filipp ermil jane omazh zahar dasha julia lera masha marina alexander kirill anton'.split(' '),
);
const RAW_RATES = new Set([8_000, 16_000, 22_050, 24_000, 44_100, 48_000]);
/** What comes when no format is asked for: WAV at this rate. */
const DEFAULT_RATE = 22_050;

export interface SynthesizerCall {
  readonly cancelled: boolean;
  write(response: UtteranceSynthesisResponse | Buffer): boolean;
  end(): void;
  emit(event: 'error', error: ServiceError): boolean;
  on(event: 'cancelled' | 'drain', listener: () => void): unknown;
  sendMetadata(metadata: Metadata): void;
}

export interface SynthesizerOptions {
  readonly call: SynthesizerCall;
  readonly voice: ServerVoice;
  readonly limits: SynthesizerLimits;
  readonly clock: Clock;
  /** How many times faster than spoken the audio comes; at once when absent. */
  readonly pace: number | undefined;
  readonly fault: Fault | undefined;
  readonly reset: () => void;
}

/** What is to be said, or why it cannot be. @throws a service error */
export function speechOf(request: UtteranceSynthesisRequest, limits: SynthesizerLimits): ServerSpeech {
  const hint = <Name extends 'voice' | 'role' | 'speed'>(name: Name) =>
    request.hints.find((hints) => hints[name] !== undefined)?.[name];
  const text = request.text ?? '';
  if (text.length > limits.maxCharacters && !request.unsafeMode) throw refusal('Too long text');
  return checkedSpeech({
    text,
    voice: hint('voice') ?? 'marina',
    role: hint('role') ?? '',
    speed: hint('speed') ?? 1,
    spec: request.outputAudioSpec,
  });
}

export function checkedSpeech(asked: {
  readonly text: string;
  readonly voice: string;
  readonly role: string;
  readonly speed: number;
  readonly spec: AudioFormatOptions | undefined;
}): ServerSpeech {
  const { text, voice, role, speed, spec } = asked;
  const sampleRate = spec?.rawAudio?.sampleRateHertz ?? DEFAULT_RATE;
  const english = ENGLISH_VOICES.has(voice);
  if (text.trim() === '') throw refusal('Text is empty');
  if (!english && !RUSSIAN_VOICES.has(voice)) throw refusal('Unsupported voice');
  if (speed < 0.1 || speed > 3) throw refusal('Speed must be from 0.1 to 3');
  if (!RAW_RATES.has(sampleRate)) throw refusal('Unsupported sample rate');
  return { text, voice, role, speed, sampleRate, language: english ? 'en' : 'ru' };
}

function refusal(details: string): ServiceError {
  return serviceError(status.INVALID_ARGUMENT, details);
}

/** One call of the synthesizer: says one speech after the other, and then ends. */
export class SynthesizerSession {
  readonly #options: SynthesizerOptions;
  readonly #abort = new AbortController();
  readonly #startedAtMs: number;
  #audioMs = 0;
  #faulted = false;

  constructor(options: SynthesizerOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.monotonicMs();
    options.call.on('cancelled', () => this.#abort.abort());
    const metadata = new Metadata();
    metadata.set('x-request-id', crypto.randomUUID());
    options.call.sendMetadata(metadata);
  }

  get over(): boolean {
    return this.#faulted || this.#abort.signal.aborted;
  }

  /** @param wav writes a header first, as the service does where no raw audio is asked for. */
  async say(speech: ServerSpeech, wav: boolean): Promise<void> {
    const { voice, limits } = this.#options;
    const perChunk = Math.round((speech.sampleRate * limits.chunkMs) / 1_000);
    let spokenMs = 0;
    if (wav) this.#write(wavHeader(speech.sampleRate), '', 0);
    for await (const samples of voice.speak(speech, this.#abort.signal)) {
      for (let from = 0; from < samples.length; from += perChunk) {
        const part = samples.subarray(from, from + perChunk);
        const partMs = (part.length * 1_000) / speech.sampleRate;
        if (this.#checkFault()) return;
        spokenMs += partMs;
        if (spokenMs > limits.maxAudioMs) throw refusal('The audio is longer than 24 s');
        await this.#keepPace();
        if (this.over) return;
        const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
        const roomLeft = this.#write(Buffer.from(bytes), speech.text, partMs);
        this.#audioMs += partMs;
        if (!roomLeft) await this.#drained();
        if (this.over) return;
      }
    }
    this.#checkFault();
  }

  end(): void {
    if (!this.over) this.#options.call.end();
  }

  fail(error: ServiceError): void {
    if (!this.over) this.#options.call.emit('error', error);
    this.#abort.abort();
  }

  #write(data: Buffer, text: string, lengthMs: number): boolean {
    return this.#options.call.write({
      audioChunk: { data },
      textChunk: { text },
      startMs: Math.round(this.#audioMs),
      lengthMs: Math.round(lengthMs),
    });
  }

  async #keepPace(): Promise<void> {
    const { pace, clock } = this.#options;
    if (pace === undefined) return;
    const dueMs = this.#startedAtMs + this.#audioMs / pace;
    const waitMs = dueMs - clock.monotonicMs();
    if (waitMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(waitMs, resolve);
    this.#abort.signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    timer.cancel();
  }

  async #drained(): Promise<void> {
    try {
      // The call is an emitter; its interface here is only what is used of it.
      await once(this.#options.call as unknown as NodeJS.EventEmitter, 'drain', { signal: this.#abort.signal });
    } catch {
      // Cancelled meanwhile.
    }
  }

  #checkFault(): boolean {
    const { fault, call, reset } = this.#options;
    if (this.#faulted) return true;
    if (!fault || this.#audioMs < fault.afterMs) return false;
    this.#faulted = true;
    if (fault.kind === 'garbage') call.write(GARBAGE);
    else if (fault.kind === 'status') call.emit('error', faultError(fault));
    else if (fault.kind === 'reset') reset();
    else if (fault.kind === 'close') call.end();
    return true;
  }
}

/** A header whose lengths are not known yet. */
function wavHeader(sampleRate: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF\xff\xff\xff\xffWAVEfmt ', 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data\xff\xff\xff\xff', 36, 'latin1');
  return header;
}
