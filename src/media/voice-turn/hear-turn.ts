import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.ts';
import {
  ENGINE_FRAME_SAMPLES,
  ENGINE_SAMPLE_RATE,
  EngineError,
  type Language,
  type SpeechToText,
  type TranscriptionStream,
} from '../../speech/engine.ts';
import type { VoiceActivityDetector } from '../audio/vad.ts';
import type { VoiceEvent, VoiceSettings } from '../audio/voice-types.ts';
import {
  noWords,
  type UnansweredWords,
  unansweredText,
  voiceBegins,
  voiceEnds,
  withFinal,
  withPartial,
} from '../call/unanswered-words.ts';

export interface HearTurnOptions {
  /** 320 samples, 16 kHz mono; from a file they come faster than they were spoken. */
  readonly frames: AsyncIterable<Int16Array>;
  readonly engine: SpeechToText;
  readonly detector: Pick<VoiceActivityDetector, 'openStream' | 'idle'>;
  readonly voice?: VoiceSettings;
  readonly language: Language;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly pace?: HearingPace | undefined;
  /** How long the last words may take after the last frame. */
  readonly finalDeadlineMs: number;
}

export interface HeardTurn {
  /** Empty when there were no words. */
  readonly text: string;
  /** When the last frame had been given to the engine, on the monotonic clock. */
  readonly endedAtMs: number;
}

const FRAME_MS = (ENGINE_FRAME_SAMPLES * 1_000) / ENGINE_SAMPLE_RATE;
const SAMPLES_PER_MS = ENGINE_SAMPLE_RATE / 1_000;
/** The detector keeps a second of windows, and an engine little sound of before an utterance: it is waited for often. */
const FRAMES_BETWEEN_LOOKS = 5;

/** How fast an engine is given sound: so far ahead of real time, and then so many times as fast. */
export interface HearingPace {
  readonly leadMs: number;
  readonly speed: number;
}

/** Engines are made for callers, who speak in real time: none keeps more than 30 s that it has not worked on. */
const defaultPace: HearingPace = { leadMs: 20_000, speed: 3 };

/**
 * Hears one whole turn while it still arrives: the detector finds the stretches of speech, as in a call, and the engine's
 * finals are joined.
 * @throws EngineError when the engine fails; what `frames` throws
 */
export async function hearTurn(options: HearTurnOptions): Promise<HeardTurn> {
  const { engine, language, detector, clock, signal, pace = defaultPace } = options;
  const stream = engine.open({ language, signal });
  const turn = new TurnEar(stream, options);
  const voice = detector.openStream((event) => turn.voice(event), options.voice);
  const startedAtMs = clock.monotonicMs();
  let frames = 0;
  try {
    for await (const frame of options.frames) {
      if (turn.failure) throw turn.failure;
      stream.write(frame);
      voice.write(frame);
      frames += 1;
      if (frames % FRAMES_BETWEEN_LOOKS > 0) continue;
      await detector.idle();
      // Files come in large pieces: the calls of this process have their turn in between.
      await setImmediate();
      const earlyMs = (frames * FRAME_MS - pace.leadMs) / pace.speed - (clock.monotonicMs() - startedAtMs);
      if (earlyMs > 0) await pause(earlyMs, clock, signal);
    }
    await detector.idle();
    turn.end();
    const endedAtMs = clock.monotonicMs();
    return { text: await turn.text(), endedAtMs };
  } finally {
    voice.close();
    stream.close();
  }
}

/** The words of a turn, from the detector's events and the engine's. */
class TurnEar {
  readonly #options: HearTurnOptions;
  readonly #stream: TranscriptionStream;
  readonly #settled = Promise.withResolvers<void>();
  #words: UnansweredWords = noWords;
  #voiceSinceMs: number | undefined;
  #ended = false;
  #failure: EngineError | undefined;

  constructor(stream: TranscriptionStream, options: HearTurnOptions) {
    this.#stream = stream;
    this.#options = options;
    void this.#listen();
  }

  get failure(): EngineError | undefined {
    return this.#failure;
  }

  voice(event: VoiceEvent): void {
    if (event.type === 'speech_started') {
      this.#voiceSinceMs = this.#now();
      this.#words = voiceBegins(this.#words);
      this.#stream.startUtterance(event.prefixSamples / SAMPLES_PER_MS);
    } else if (event.type === 'speech_stopped') this.#endVoice();
  }

  /** No frame comes any more. */
  end(): void {
    if (this.#voiceSinceMs !== undefined) this.#endVoice();
    this.#ended = true;
    this.#look();
  }

  /** Resolves when the last words have come, or the engine has taken too long over them. */
  async text(): Promise<string> {
    const { clock, finalDeadlineMs, signal } = this.#options;
    const waited = pause(finalDeadlineMs, clock, signal);
    await Promise.race([this.#settled.promise, waited]);
    if (this.#failure) throw this.#failure;
    return unansweredText(this.#words);
  }

  #endVoice(): void {
    const fromMs = this.#voiceSinceMs ?? this.#now();
    this.#voiceSinceMs = undefined;
    this.#words = voiceEnds(this.#words, { fromMs, toMs: this.#now(), dismissed: false });
    this.#stream.endUtterance();
  }

  async #listen(): Promise<void> {
    try {
      for await (const event of this.#stream.events) {
        if (event.type === 'error') return this.#fail(event.error);
        if (event.type === 'partial') this.#words = withPartial(this.#words, event.text, this.#now());
        if (event.type === 'final') {
          this.#words = withFinal(this.#words, event.text, this.#now(), this.#voiceSinceMs !== undefined);
        }
        this.#look();
      }
      if (!this.#options.signal.aborted && !this.#ended) this.#fail(this.#brokeOff());
    } catch (cause) {
      this.#fail(this.#brokeOff(cause));
    }
  }

  #look(): void {
    if (this.#ended && this.#words.finalsDue === 0) this.#settled.resolve();
  }

  #fail(error: EngineError): void {
    this.#failure ??= error;
    this.#settled.resolve();
  }

  #brokeOff(cause?: unknown): EngineError {
    return new EngineError({
      engine: this.#options.engine.name,
      code: 'engine_failed',
      message: 'The engine that hears broke off.',
      retryable: true,
      cause,
    });
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }
}

function pause(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(delayMs, resolve);
  const stop = (): void => {
    timer.cancel();
    resolve();
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return promise.finally(() => signal.removeEventListener('abort', stop));
}
