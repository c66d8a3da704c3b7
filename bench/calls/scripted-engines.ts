import { Decoder } from '@evan/opus';
import type { CallEngines } from '../../src/media/call/registry.ts';
import type { SynthesisEvent, TranscriptionEvent, TutorEvent } from '../../src/speech/engine.ts';
import type { OpusFrames } from '../../src/testing/caller/opus-recording.ts';

/**
 * Engines that cost nothing, so that what is measured is the media path: the ear understands the same words at the
 * end of every utterance, the tutor answers with one sentence, the voice says it at once and from memory.
 */

const HEARD = 'yesterday I went to the market';
const ANSWER = 'Very good, and what did you buy there for your mother and her little sister?';

export interface ScriptedEnginesOptions {
  /** What the tutor's voice is made of. */
  readonly recording: OpusFrames;
  /** Hz of the voice. 22 050, the rate of the local engine, has to be resampled; 24 000 has not. */
  readonly sampleRate: number;
  /** How long an answer is. */
  readonly answerMs: number;
}

export function createScriptedEngines({ recording, sampleRate, answerMs }: ScriptedEnginesOptions): CallEngines {
  const voice = speechOf(recording, sampleRate, answerMs);
  return {
    speechToText: {
      name: 'scripted',
      capabilities: { languages: ['en', 'ru'], endOfUtterance: false, wordTimes: false },
      open: ({ signal }) => {
        const queue = new EventQueue<TranscriptionEvent>();
        signal.addEventListener('abort', () => queue.end(), { once: true });
        return {
          write: () => {},
          startUtterance: () => queue.push({ type: 'partial', text: 'yesterday' }),
          endUtterance: () => queue.push({ type: 'final', text: HEARD }),
          events: queue,
          close: () => queue.end(),
        };
      },
    },
    tutor: {
      name: 'scripted',
      capabilities: { languages: ['en', 'ru'] },
      async *reply(): AsyncIterable<TutorEvent> {
        yield { type: 'text', delta: ANSWER };
      },
    },
    textToSpeech: {
      name: 'scripted',
      sampleRate,
      capabilities: { languages: ['en', 'ru'], wordTimes: false },
      async *synthesize(_request, signal): AsyncIterable<SynthesisEvent> {
        const chunk = Math.floor(sampleRate / 10);
        for (let start = 0; start < voice.length && !signal.aborted; start += chunk) {
          yield { type: 'audio', samples: voice.slice(start, start + chunk) };
        }
      },
    },
  };
}

/** The recording again and again, at the wanted rate and of the wanted length. */
function speechOf(recording: OpusFrames, sampleRate: number, durationMs: number): Int16Array {
  const decoder = new Decoder({ channels: 1, sample_rate: 24_000 });
  const source = recording.flatMap((frame) => {
    const bytes = decoder.decode(frame);
    return [...new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)];
  });
  const step = 24_000 / sampleRate;
  // Linear interpolation: how it sounds does not matter here, only that it is as hard to encode as speech.
  return Int16Array.from({ length: Math.floor((sampleRate * durationMs) / 1_000) }, (_, index) => {
    const at = (index * step) % (source.length - 1);
    const whole = Math.floor(at);
    const [left = 0, right = 0] = [source[whole], source[whole + 1]];
    return left + (right - left) * (at - whole);
  });
}

/** An endless iteration over what is pushed, until it is ended. */
class EventQueue<Event> implements AsyncIterable<Event> {
  readonly #events: Event[] = [];
  #ended = false;
  #wake: () => void = () => {};

  push(event: Event): void {
    this.#events.push(event);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Event> {
    while (true) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
