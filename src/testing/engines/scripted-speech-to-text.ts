import type {
  Language,
  SpeechToText,
  TranscribedWord,
  TranscriptionEvent,
  TranscriptionOptions,
  TranscriptionStream,
} from '../../speech/engine.ts';
import { EventQueue } from '../../speech/event-queue.ts';
import { type ScriptedFailure, toEngineError } from './scripted-failure.ts';

const FRAME_MS = 20;

/** What is understood of one utterance. A bare text is a final that comes at once. */
export type ScriptedUtterance =
  | string
  | {
      readonly final: string;
      readonly words?: readonly TranscribedWord[];
      /** Partials, each when so much of the utterance has been written. */
      readonly partials?: readonly { readonly afterMs: number; readonly text: string }[];
      /** The final comes when so much more audio has been written after `endUtterance()`; at once when absent. */
      readonly finalAfterMs?: number;
      /** Says `end_of_utterance` by itself when so much of the utterance has been written. */
      readonly endOfUtteranceAfterMs?: number;
      /** Never answers this one. */
      readonly stall?: boolean;
      /** Fails when so much of the utterance has been written; 0: with its start. */
      readonly failure?: ScriptedFailure & { readonly afterMs: number };
    };

export interface ScriptedSpeechToTextOptions {
  /** By the utterance's place in the stream; what is beyond the script is heard as nothing. */
  readonly utterances?: readonly ScriptedUtterance[];
  /** Utterances after the script's end begin it again. */
  readonly repeat?: boolean;
  readonly openFailure?: ScriptedFailure;
  readonly name?: string;
  readonly languages?: readonly Language[];
}

/** What a stream was asked to do, for a test to look at. */
export interface ScriptedTranscriptionRecord {
  readonly options: TranscriptionOptions;
  frames: number;
  utterances: number;
  readonly prefixesMs: number[];
  closed: boolean;
}

export interface ScriptedSpeechToText extends SpeechToText {
  readonly streams: readonly ScriptedTranscriptionRecord[];
}

/**
 * An ear that understands what its script says. Its only clock is the audio written to it, so it is as exact as the
 * test that drives it.
 */
export function createScriptedSpeechToText(options: ScriptedSpeechToTextOptions = {}): ScriptedSpeechToText {
  const { name = 'scripted', languages = ['en', 'ru'] } = options;
  const streams: ScriptedTranscriptionRecord[] = [];
  return {
    name,
    capabilities: { languages, endOfUtterance: true, wordTimes: true },
    streams,
    open(request) {
      const record: ScriptedTranscriptionRecord = {
        options: request,
        frames: 0,
        utterances: 0,
        prefixesMs: [],
        closed: false,
      };
      streams.push(record);
      return new ScriptedStream(name, options, record);
    },
  };
}

interface UtteranceUnderWay {
  readonly script: Exclude<ScriptedUtterance, string>;
  writtenMs: number;
  /** Set by `endUtterance()`. */
  endedAtMs: number | undefined;
  nextPartial: number;
  saidEnd: boolean;
}

class ScriptedStream implements TranscriptionStream {
  readonly #engine: string;
  readonly #options: ScriptedSpeechToTextOptions;
  readonly #record: ScriptedTranscriptionRecord;
  readonly #queue = new EventQueue<TranscriptionEvent>();
  /** Oldest first; only the last may still be spoken. */
  #utterances: UtteranceUnderWay[] = [];

  constructor(engine: string, options: ScriptedSpeechToTextOptions, record: ScriptedTranscriptionRecord) {
    this.#engine = engine;
    this.#options = options;
    this.#record = record;
    const { signal } = record.options;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.close();
    else if (options.openFailure) this.#fail(options.openFailure);
    else if (!(options.languages ?? ['en', 'ru']).includes(record.options.language)) {
      this.#fail({ code: 'engine_rejected', message: 'The script does not know this language.', retryable: false });
    }
  }

  get events(): AsyncIterable<TranscriptionEvent> {
    return this.#queue;
  }

  write(_frame: Int16Array): void {
    if (this.#queue.ended) return;
    this.#record.frames++;
    if (this.#utterances.length === 0) return;
    for (const utterance of this.#utterances) {
      utterance.writtenMs += FRAME_MS;
      this.#play(utterance);
    }
    this.#answer();
  }

  startUtterance(prefixMs: number): void {
    if (this.#queue.ended || this.#speaking()) return;
    this.#record.prefixesMs.push(prefixMs);
    const script = this.#scriptOf(this.#record.utterances++);
    const utterance = { script, writtenMs: prefixMs, endedAtMs: undefined, nextPartial: 0, saidEnd: false };
    this.#utterances.push(utterance);
    this.#play(utterance);
  }

  endUtterance(): void {
    const speaking = this.#speaking();
    if (this.#queue.ended || !speaking) return;
    speaking.endedAtMs = speaking.writtenMs;
    this.#answer();
  }

  close(): void {
    this.#record.closed = true;
    this.#queue.endNow();
    this.#record.options.signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.close();

  #speaking(): UtteranceUnderWay | undefined {
    const last = this.#utterances.at(-1);
    return last?.endedAtMs === undefined ? last : undefined;
  }

  #scriptOf(index: number): Exclude<ScriptedUtterance, string> {
    const { utterances = [], repeat = false } = this.#options;
    const script = utterances[repeat && utterances.length > 0 ? index % utterances.length : index] ?? '';
    return typeof script === 'string' ? { final: script } : script;
  }

  #play(utterance: UtteranceUnderWay): void {
    const { script, writtenMs } = utterance;
    if (script.failure && writtenMs >= script.failure.afterMs) {
      this.#fail(script.failure);
      return;
    }
    if (utterance.endedAtMs !== undefined) return;
    for (let next = script.partials?.[utterance.nextPartial]; next && next.afterMs <= writtenMs;) {
      this.#queue.push({ type: 'partial', text: next.text });
      next = script.partials?.[++utterance.nextPartial];
    }
    const { endOfUtteranceAfterMs } = script;
    if (endOfUtteranceAfterMs !== undefined && writtenMs >= endOfUtteranceAfterMs && !utterance.saidEnd) {
      utterance.saidEnd = true;
      this.#queue.push({ type: 'end_of_utterance' });
    }
  }

  /** Finals leave in the order of their utterances. */
  #answer(): void {
    for (let first = this.#utterances[0]; first?.endedAtMs !== undefined; first = this.#utterances[0]) {
      const { script, writtenMs, endedAtMs } = first;
      if (script.stall || writtenMs - endedAtMs < (script.finalAfterMs ?? 0)) return;
      this.#utterances.shift();
      this.#queue.push({ type: 'final', text: script.final, ...(script.words && { words: script.words }) });
    }
  }

  #fail(failure: ScriptedFailure): void {
    this.#utterances = [];
    this.#queue.push({ type: 'error', error: toEngineError(this.#engine, failure) });
    this.#queue.end();
  }
}
