import { EngineError, type SpeechToText, type TranscriptionOptions, type TranscriptionStream } from '../engine.ts';
import { setTimeout as wait } from 'node:timers/promises';
import type { Probe } from './circuit-breakers.ts';
import { ableTo, type Candidate, candidatesOf, type FallbackContext } from './fallback-context.ts';
import { FallbackTranscription } from './fallback-transcription.ts';

/**
 * Several ears as one. A stream that breaks, or whose final does not come, goes on with the next ear, which gets the audio
 * since the last final again. The call stays with the ear that serves it.
 */
export class FallbackSpeechToText implements SpeechToText {
  readonly capabilities: SpeechToText['capabilities'];
  readonly #ears: readonly Candidate<SpeechToText>[];
  readonly #context: FallbackContext;
  #last: string;

  constructor(ears: readonly SpeechToText[], context: FallbackContext) {
    const [first] = ears;
    if (!first) throw new TypeError('A fallback of no ears');
    this.#ears = candidatesOf(context, 'stt', ears, probeOf);
    this.#context = context;
    this.#last = first.name;
    this.capabilities = {
      languages: [...new Set(ears.flatMap(({ capabilities }) => capabilities.languages))],
      endOfUtterance: ears.some(({ capabilities }) => capabilities.endOfUtterance),
      wordTimes: ears.every(({ capabilities }) => capabilities.wordTimes),
    };
  }

  /** Of the ear that hears now. */
  get name(): string {
    return this.#last;
  }

  open(options: TranscriptionOptions): TranscriptionStream {
    return new FallbackTranscription({
      ears: ableTo(this.#ears, options.language),
      context: this.#context,
      request: options,
      onEar: (name) => (this.#last = name),
    });
  }
}

const PROBE_SILENCE_FRAMES = 15;
const FRAME_MS = 20;

/** Lets it hear a moment of silence and waits for the final, which is empty. */
function probeOf(ear: SpeechToText): Probe {
  return async (signal) => {
    const [language = 'en'] = ear.capabilities.languages;
    const stream = ear.open({ language, signal });
    try {
      stream.startUtterance(0);
      for (let frame = 0; frame < PROBE_SILENCE_FRAMES; frame += 1) {
        stream.write(new Int16Array(320));
        await wait(FRAME_MS, undefined, { signal });
      }
      stream.endUtterance();
      for await (const event of stream.events) {
        if (event.type === 'error') throw event.error;
        if (event.type === 'final') return;
      }
      throw new EngineError({
        engine: ear.name,
        code: 'engine_failed',
        message: 'The ear ended its stream without being asked to.',
        retryable: true,
      });
    } finally {
      stream.close();
    }
  };
}
