import { EngineError, type SynthesisEvent, type SynthesisRequest, type TextToSpeech } from '../engine.ts';
import type { Probe } from './circuit-breakers.ts';
import { ableTo, type Candidate, candidatesOf, type FallbackContext, inOrderOfTrial } from './fallback-context.ts';
import { SpokenPlace } from './spoken-place.ts';
import { timedEvents } from './timed-events.ts';

/**
 * Several voices as one. A sentence that fails is said by the next voice from the word where it broke off. Its events carry
 * the sample rate of the voice that speaks.
 */
export class FallbackTextToSpeech implements TextToSpeech {
  readonly sampleRate: number;
  readonly capabilities: TextToSpeech['capabilities'];
  readonly #voices: readonly Candidate<TextToSpeech>[];
  readonly #context: FallbackContext;
  #last: string;

  constructor(voices: readonly TextToSpeech[], context: FallbackContext) {
    const [first] = voices;
    if (!first) throw new TypeError('A fallback of no voices');
    this.#voices = candidatesOf(context, 'tts', voices, probeOf);
    this.#context = context;
    this.#last = first.name;
    this.sampleRate = first.sampleRate;
    this.capabilities = {
      languages: [...new Set(voices.flatMap(({ capabilities }) => capabilities.languages))],
      wordTimes: voices.every(({ capabilities }) => capabilities.wordTimes),
    };
  }

  /** Of the voice that spoke last. */
  get name(): string {
    return this.#last;
  }

  async *synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncGenerator<SynthesisEvent> {
    const { clock, limits, log } = this.#context;
    const place = new SpokenPlace(request.text, request.rate);
    const untilMs = clock.monotonicMs() + limits.answerMs;
    let failure: unknown;
    for (const candidate of inOrderOfTrial(ableTo(this.#voices, request.language))) {
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0 || signal.aborted) break;
      if (failure !== undefined) this.#change(candidate.engine.name, failure);
      try {
        yield* this.#attempt(candidate, request, place, leftMs, signal);
        this.#last = candidate.engine.name;
        return;
      } catch (error) {
        if (signal.aborted) return;
        candidate.breaker.failed(error);
        log.warn({ err: error, engine: candidate.engine.name, spokenMs: place.spokenMs }, 'A voice failed');
        failure = error;
        if (!place.breakOff()) return;
      }
    }
    if (!signal.aborted) throw failure ?? unable(this.#last, request);
  }

  async *#attempt(
    { engine: voice, breaker }: Candidate<TextToSpeech>,
    request: SynthesisRequest,
    place: SpokenPlace,
    leftMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<SynthesisEvent> {
    const { clock, limits, onUse } = this.#context;
    const { offset, spokenMs: fromMs } = place;
    const text = request.text.slice(offset);
    const sound = timedEvents((aborting) => voice.synthesize({ ...request, text }, aborting), {
      engine: voice.name,
      firstMs: Math.min(limits.firstResultMs, leftMs),
      stallMs: limits.stallMs,
      clock,
      signal,
    });
    try {
      for await (const event of sound) {
        if (signal.aborted) return;
        if (event.type === 'word') {
          const word = { offset: event.offset + offset, startMs: event.startMs + fromMs };
          place.word(word);
          yield { type: 'word', ...word };
        } else {
          if (place.spokenMs === fromMs) breaker.succeeded();
          const { sampleRate = voice.sampleRate } = event;
          place.heard((event.samples.length * 1_000) / sampleRate);
          yield { ...event, sampleRate };
        }
      }
      breaker.succeeded();
    } finally {
      const audioOutMs = Math.round(place.spokenMs - fromMs);
      onUse({ kind: 'tts', engine: voice.name, characters: text.length, audioOutMs });
    }
  }

  #change(to: string, failure: unknown): void {
    const code = failure instanceof EngineError ? failure.code : 'engine_failed';
    this.#context.onChange({ kind: 'tts', from: this.#last, to, code });
    this.#last = to;
  }
}

function unable(engine: string, { language }: SynthesisRequest): EngineError {
  return new EngineError({
    engine,
    code: 'engine_unavailable',
    message: `No voice spoke ${language}.`,
    retryable: true,
  });
}

/** Asks for one word and is content with its first sound. */
function probeOf(voice: TextToSpeech): Probe {
  return async (signal) => {
    const [language = 'en'] = voice.capabilities.languages;
    const text = language === 'ru' ? 'Да.' : 'Yes.';
    for await (const event of voice.synthesize({ text, language, rate: 1 }, signal)) {
      if (event.type === 'audio') return;
    }
    throw new EngineError({
      engine: voice.name,
      code: 'engine_failed',
      message: 'The voice made no sound.',
      retryable: true,
    });
  };
}
