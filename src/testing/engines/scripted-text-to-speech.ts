import type { Clock } from '../../platform/clock.ts';
import type { Language, SynthesisEvent, SynthesisRequest, TextToSpeech } from '../../speech/engine.ts';
import { type ScriptedFailure, toEngineError, untilAborted } from './scripted-failure.ts';

export interface ScriptedTextToSpeechOptions {
  readonly name?: string;
  /** Hz; 24 000 unless told. */
  readonly sampleRate?: number;
  readonly languages?: readonly Language[];
  /** How long a text is said at rate 1; 60 ms a character unless told. */
  readonly durationMs?: (text: string) => number;
  /** What is said: these samples, from their beginning and again and again. A tone of 440 Hz unless told. */
  readonly voice?: Int16Array;
  readonly chunkMs?: number;
  /** Comes no faster than it is spoken, by this clock; at once when absent. */
  readonly pace?: Clock;
  /** Says where each word begins. */
  readonly wordTimes?: boolean;
  /** The request of this number, from 0, says `afterMs` and then fails. */
  readonly failures?: Readonly<Record<number, ScriptedFailure & { readonly afterMs: number }>>;
  /** The request of this number, from 0, says so much and then stalls until it is aborted. */
  readonly stalls?: Readonly<Record<number, { readonly afterMs: number }>>;
}

export interface ScriptedTextToSpeech extends TextToSpeech {
  /** What it was asked to say, oldest first. */
  readonly requests: readonly SynthesisRequest[];
}

/** A voice of exactly the asked length. */
export function createScriptedTextToSpeech(options: ScriptedTextToSpeechOptions = {}): ScriptedTextToSpeech {
  const {
    name = 'scripted',
    sampleRate = 24_000,
    languages = ['en', 'ru'],
    durationMs = (text) => text.trim().length * 60,
    voice = createTone({ sampleRate, durationMs: 1_000 }),
    chunkMs = 100,
    pace,
    wordTimes = false,
  } = options;
  const requests: SynthesisRequest[] = [];

  async function* synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncGenerator<SynthesisEvent> {
    const number = requests.push(request) - 1;
    if (!languages.includes(request.language)) {
      throw toEngineError(name, { code: 'engine_rejected', message: 'Not in the script.', retryable: false });
    }
    const lengthMs = durationMs(request.text) / request.rate;
    if (wordTimes && !signal.aborted) yield* wordsOf(request.text, lengthMs);

    const failure = options.failures?.[number];
    const stall = options.stalls?.[number];
    const endMs = Math.min(lengthMs, failure?.afterMs ?? Infinity, stall?.afterMs ?? Infinity);
    const end = Math.round((endMs / 1_000) * sampleRate);
    const step = Math.max(1, Math.round((chunkMs / 1_000) * sampleRate));
    for (let from = 0; from < end; from += step) {
      if (pace && from > 0) await pause(pace, chunkMs, signal);
      if (signal.aborted) return;
      yield { type: 'audio', samples: cut(voice, from, Math.min(step, end - from)) };
    }
    if (stall) await untilAborted(signal);
    if (failure && !signal.aborted) throw toEngineError(name, failure);
  }

  return { name, sampleRate, capabilities: { languages, wordTimes }, requests, synthesize };
}

/** A sine of half the full scale. */
export function createTone(options: {
  readonly sampleRate: number;
  readonly durationMs: number;
  readonly frequency?: number;
}): Int16Array {
  const { sampleRate, durationMs, frequency = 440 } = options;
  const step = (2 * Math.PI * frequency) / sampleRate;
  return Int16Array.from({ length: Math.round((durationMs / 1_000) * sampleRate) }, (_, i) =>
    Math.round(16_384 * Math.sin(i * step)),
  );
}

function cut(voice: Int16Array, from: number, count: number): Int16Array {
  if (voice.length === 0) return new Int16Array(count);
  const start = from % voice.length;
  if (start + count <= voice.length) return voice.slice(start, start + count);
  return Int16Array.from({ length: count }, (_, i) => voice[(start + i) % voice.length] ?? 0);
}

function* wordsOf(text: string, lengthMs: number): Generator<SynthesisEvent> {
  for (const { index } of text.matchAll(/\S+/gu)) {
    yield { type: 'word', offset: index, startMs: Math.round((lengthMs * index) / text.length) };
  }
}

async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(delayMs, resolve);
  const stop = () => resolve();
  signal.addEventListener('abort', stop, { once: true });
  await promise;
  signal.removeEventListener('abort', stop);
  timer.cancel();
}
