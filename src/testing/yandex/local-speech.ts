import {
  ENGINE_FRAME_SAMPLES,
  ENGINE_SAMPLE_RATE,
  type Language,
  type SpeechToText,
  type TextToSpeech,
  type TranscriptionEvent,
  type TranscriptionStream,
} from '../../speech/engine.ts';
import { RUSSIAN_WORDS } from '../russian-stand-in.ts';
import type { Ear, EarSession, HeardWord } from './ear.ts';
import { LinearResampler } from './linear-resampler.ts';
import type { ServerVoice } from './voice.ts';

/** A recognizer of the house behind the vendor's service. Of a language that it does not know, it hears that it is spoken. */
export function createLocalEar(engine: SpeechToText): Ear {
  return {
    listen({ languages, sampleRate }) {
      const language = languageOf(languages, engine);
      return language === undefined ? new WordlessEar(sampleRate) : new LocalEar(engine, language, sampleRate);
    },
  };
}

/** A voice of the house behind the vendor's service. */
export function createLocalVoice(engine: TextToSpeech): ServerVoice {
  return {
    async *speak({ text, language, speed, sampleRate }, signal) {
      const resampler = new LinearResampler(engine.sampleRate, sampleRate);
      for await (const event of engine.synthesize({ text, language, rate: speed }, signal)) {
        if (event.type === 'audio') yield resampler.push(event.samples);
      }
    },
  };
}

const CODES: Readonly<Record<string, Language>> = { 'en-US': 'en', 'ru-RU': 'ru', auto: 'en' };

function languageOf(codes: readonly string[], engine: SpeechToText): Language | undefined {
  const wanted = new Set(codes.map((code) => CODES[code]));
  return engine.capabilities.languages.find((language) => wanted.has(language));
}

/** So loud that it may be speech; below, the recognizer is not troubled. */
const AUDIBLE = 200;

class LocalEar implements EarSession {
  readonly #stream: TranscriptionStream;
  readonly #resampler: LinearResampler;
  readonly #finals: ((words: readonly HeardWord[]) => void)[] = [];
  #words: readonly HeardWord[] = [];
  #rest = new Int16Array(0);
  #heardMs = 0;
  /** When the utterance under way began. */
  #startMs: number | undefined;
  readonly #startsMs: number[] = [];

  constructor(engine: SpeechToText, language: Language, sampleRate: number) {
    this.#resampler = new LinearResampler(sampleRate, ENGINE_SAMPLE_RATE);
    this.#stream = engine.open({ language, signal: new AbortController().signal });
    void this.#read(this.#stream.events);
  }

  hear(samples: Int16Array): void {
    const resampled = this.#resampler.push(samples);
    const all = new Int16Array(this.#rest.length + resampled.length);
    all.set(this.#rest);
    all.set(resampled, this.#rest.length);
    let from = 0;
    for (; from + ENGINE_FRAME_SAMPLES <= all.length; from += ENGINE_FRAME_SAMPLES) {
      this.#hearFrame(all.subarray(from, from + ENGINE_FRAME_SAMPLES));
    }
    this.#rest = all.slice(from);
  }

  partial(): readonly HeardWord[] {
    return this.#words;
  }

  conclude(): Promise<readonly HeardWord[]> {
    this.#words = [];
    if (this.#startMs === undefined) return Promise.resolve([]);
    const { promise, resolve } = Promise.withResolvers<readonly HeardWord[]>();
    this.#finals.push(resolve);
    this.#startsMs.push(this.#startMs);
    this.#startMs = undefined;
    this.#stream.endUtterance();
    return promise;
  }

  close(): void {
    this.#stream.close();
    for (const answer of this.#finals.splice(0)) answer([]);
  }

  #hearFrame(frame: Int16Array): void {
    if (this.#startMs === undefined && frame.some((sample) => Math.abs(sample) > AUDIBLE)) {
      this.#startMs = Math.max(0, this.#heardMs - PREFIX_MS);
      this.#stream.startUtterance(PREFIX_MS);
    }
    this.#stream.write(frame);
    this.#heardMs += FRAME_MS;
  }

  async #read(events: AsyncIterable<TranscriptionEvent>): Promise<void> {
    for await (const event of events) {
      if (event.type === 'partial') {
        const startMs = this.#startMs;
        if (startMs !== undefined) this.#words = spread(event.text, startMs, this.#heardMs);
      } else if (event.type === 'final') {
        const startMs = this.#startsMs.shift() ?? 0;
        this.#finals.shift()?.(
          event.words?.map((word) => ({
            text: word.text,
            startMs: startMs + word.startMs,
            endMs: startMs + word.endMs,
          })) ?? spread(event.text, startMs, this.#heardMs),
        );
      } else if (event.type === 'error') this.close();
    }
  }
}

const MS_A_WORD = 400;

/** Understands always the same of whatever is loud. */
class WordlessEar implements EarSession {
  readonly #samplesPerMs: number;
  #heardMs = 0;
  #startMs: number | undefined;

  constructor(sampleRate: number) {
    this.#samplesPerMs = sampleRate / 1_000;
  }

  hear(samples: Int16Array): void {
    if (samples.some((sample) => Math.abs(sample) > AUDIBLE)) this.#startMs ??= this.#heardMs;
    this.#heardMs += samples.length / this.#samplesPerMs;
  }

  partial(): readonly HeardWord[] {
    if (this.#startMs === undefined) return [];
    const count = Math.ceil((this.#heardMs - this.#startMs) / MS_A_WORD);
    return this.#words().slice(0, count);
  }

  conclude(): Promise<readonly HeardWord[]> {
    const words = this.#words();
    this.#startMs = undefined;
    return Promise.resolve(words);
  }

  close(): void {
    this.#startMs = undefined;
  }

  #words(): HeardWord[] {
    return this.#startMs === undefined ? [] : spread(RUSSIAN_WORDS, this.#startMs, this.#heardMs);
  }
}

const FRAME_MS = 20;
const PREFIX_MS = 300;

/** Words without times, evenly over the time in which they were said. */
function spread(text: string, startMs: number, endMs: number): HeardWord[] {
  const words = text.split(/\s+/u).filter((word) => word !== '');
  const eachMs = (endMs - startMs) / Math.max(1, words.length);
  return words.map((word, i) => ({
    text: word,
    startMs: Math.round(startMs + i * eachMs),
    endMs: Math.round(startMs + (i + 1) * eachMs),
  }));
}
