import type { Timer } from '../../platform/clock.ts';
import {
  type EngineError,
  type SpeechToSpeech,
  type SpeechToSpeechEvent,
  type SpeechToSpeechOptions,
  type SpeechToSpeechSession,
} from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { newestWithin } from '../token-budget.ts';
import { type Breaker, type Probe, timedOut } from './circuit-breakers.ts';
import type { FallbackContext } from './fallback-context.ts';

const FRAME_MS = 20;
const HISTORY_TOKENS = 3_000;

/**
 * A speech-to-speech engine under watch: what it costs is counted, its failures open its breaker, and one that begins
 * something and does not go on has failed. What follows a failure is the call's to decide: it goes on with the pipeline.
 */
export function watchSpeechToSpeech(engine: SpeechToSpeech, context: FallbackContext): SpeechToSpeech {
  const breaker = speechToSpeechBreaker(engine, context);
  return {
    name: engine.name,
    sampleRate: engine.sampleRate,
    capabilities: engine.capabilities,
    open: (options) =>
      new WatchedSession(engine, breaker, context, {
        ...options,
        history: newestWithin(options.history, HISTORY_TOKENS),
      }),
  };
}

export function speechToSpeechBreaker(
  engine: SpeechToSpeech,
  { breakers }: Pick<FallbackContext, 'breakers'>,
): Breaker {
  return breakers.of('s2s', engine, probeOf);
}

class WatchedSession implements SpeechToSpeechSession {
  readonly #engine: SpeechToSpeech;
  readonly #breaker: Breaker;
  readonly #context: FallbackContext;
  readonly #session: SpeechToSpeechSession;
  readonly #signal: AbortSignal;
  readonly #queue = new EventQueue<SpeechToSpeechEvent>();
  /** Answers that have begun and not ended. */
  readonly #open = new Set<string>();
  #timer: Timer | undefined;
  #heardMs = 0;
  #spokenSamples = 0;
  #released = false;

  constructor(engine: SpeechToSpeech, breaker: Breaker, context: FallbackContext, options: SpeechToSpeechOptions) {
    this.#engine = engine;
    this.#breaker = breaker;
    this.#context = context;
    this.#session = engine.open(options);
    this.#signal = options.signal;
    this.#signal.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#signal.aborted) this.close();
    else void this.#listen();
  }

  get events(): AsyncIterable<SpeechToSpeechEvent> {
    return this.#queue;
  }

  write(frame: Int16Array): void {
    if (this.#queue.ended) return;
    this.#heardMs += FRAME_MS;
    this.#session.write(frame);
  }

  greet(occasion?: 'greeting' | 'away'): void {
    if (this.#queue.ended) return;
    this.#session.greet(occasion);
    this.#expect(this.#context.limits.firstResultMs);
  }

  interrupt(answerId: string, playedMs: number): void {
    if (this.#queue.ended) return;
    this.#open.delete(answerId);
    if (this.#open.size === 0) this.#timer?.cancel();
    this.#session.interrupt(answerId, playedMs);
  }

  close(): void {
    this.#release();
    this.#queue.endNow();
  }

  readonly #onAbort = (): void => this.close();

  async #listen(): Promise<void> {
    try {
      for await (const event of this.#session.events) {
        if (this.#queue.ended) return;
        if (event.type === 'error') return this.#fail(event.error);
        this.#receive(event);
      }
      if (!this.#queue.ended) this.#fail(timedOut(this.#engine.name, 0));
    } catch {
      this.#fail(timedOut(this.#engine.name, 0));
    }
  }

  #receive(event: Exclude<SpeechToSpeechEvent, { type: 'error' }>): void {
    switch (event.type) {
      case 'usage':
        this.#context.onUse({ kind: 's2s', engine: this.#engine.name, tokens: event.usage, ...this.#takeAudio() });
        break;
      case 'transcribed':
        // No sign that an answer comes, or goes on.
        this.#context.onUse({ kind: 's2s', engine: this.#engine.name, transcribedMs: event.audioMs });
        return this.#queue.push(event);
      case 'answer_started':
        this.#open.add(event.answerId);
        break;
      case 'audio':
        this.#spokenSamples += event.samples.length;
        this.#breaker.succeeded();
        break;
      case 'answer_finished':
        this.#open.delete(event.answerId);
        break;
      default:
    }
    // Silence between answers is the caller's own. An answer that has begun has to go on.
    if (this.#open.size > 0) this.#expect(this.#context.limits.stallMs);
    else this.#timer?.cancel();
    this.#queue.push(event);
  }

  #expect(limitMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#context.clock.after(limitMs, () => this.#fail(timedOut(this.#engine.name, limitMs)));
  }

  #fail(error: EngineError): void {
    if (this.#queue.ended) return;
    this.#context.log.warn({ err: error, engine: this.#engine.name }, 'Speech to speech failed');
    this.#breaker.failed(error);
    this.#release();
    this.#queue.push({ type: 'error', error });
    this.#queue.end();
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#timer?.cancel();
    const audio = this.#takeAudio();
    if (audio.audioInMs > 0) this.#context.onUse({ kind: 's2s', engine: this.#engine.name, ...audio });
    this.#session.close();
  }

  #takeAudio(): { readonly audioInMs: number; readonly audioOutMs: number } {
    const audioOutMs = Math.round((this.#spokenSamples * 1_000) / this.#engine.sampleRate);
    const audio = { audioInMs: this.#heardMs, audioOutMs };
    this.#heardMs = 0;
    this.#spokenSamples = 0;
    return audio;
  }
}

/** Lets it greet and is content with its first sound. */
function probeOf(engine: SpeechToSpeech): Probe {
  return async (signal) => {
    const [language = 'en'] = engine.capabilities.languages;
    const session = engine.open({ language, level: 'beginner', instructions: '', history: [], signal });
    try {
      session.greet();
      for await (const event of session.events) {
        if (event.type === 'error') throw event.error;
        if (event.type === 'audio') return;
      }
      throw timedOut(engine.name, 0);
    } finally {
      session.close();
    }
  };
}
