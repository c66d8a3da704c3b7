import { AppError } from '../platform/errors.ts';

/**
 * What hears, thinks and speaks, as four interfaces. A vendor is one folder behind them.
 *
 * Glossary
 * - frame: 20 ms of signed 16-bit mono PCM; towards an engine always 16 kHz, so 320 samples.
 * - utterance: one stretch of the learner's speech, between silences.
 * - turn: what one side says before the other answers; a learner's turn is one or more utterances.
 * - assessment: the drill's word-by-word comparison of what was asked and what was heard.
 */

export type Language = 'en' | 'ru';
export type Level = 'beginner' | 'intermediate' | 'advanced';

/** Hz of the audio towards an engine. */
export const ENGINE_SAMPLE_RATE = 16_000;
/** Samples in one frame towards an engine: 20 ms. */
export const ENGINE_FRAME_SAMPLES = 320;

export type EngineErrorCode =
  | 'engine_unavailable'
  | 'engine_program_missing'
  | 'engine_rejected'
  | 'engine_quota_exceeded'
  | 'engine_timed_out'
  | 'engine_failed';

/** An engine's failure. `retryable` says whether another attempt, or another engine, may succeed. */
export class EngineError extends AppError {
  override readonly name: string = 'EngineError';
  readonly engine: string;
  /** Where the engine said when it may be asked again: from the failure on. */
  readonly retryAfterMs: number | undefined;
  /** What was asked for was refused, this text or these words; the engine itself may be well. */
  readonly aboutRequest: boolean;

  constructor(options: {
    readonly engine: string;
    readonly code: EngineErrorCode;
    readonly message: string;
    readonly retryable: boolean;
    readonly retryAfterMs?: number | undefined;
    readonly aboutRequest?: boolean | undefined;
    readonly cause?: unknown;
  }) {
    super({ ...options, kind: 'unavailable', details: { engine: options.engine } });
    this.engine = options.engine;
    this.retryAfterMs = options.retryAfterMs;
    this.aboutRequest = options.aboutRequest ?? false;
  }
}

/**
 * What one answer cost the engine, as its vendor counts. A part is contained in its whole: cached and audio tokens
 * are among the input's, audio tokens among the output's.
 */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens?: number;
  readonly inputAudioTokens?: number;
  readonly outputAudioTokens?: number;
}

export type EngineKind = 'stt' | 'tutor' | 'tts' | 's2s';

/** What one engine was given and gave: what its vendor charges for. */
export interface EngineUse {
  readonly kind: EngineKind;
  readonly engine: string;
  /** Audio that it heard, silence included, and that it spoke; whole ms. */
  readonly audioInMs?: number;
  readonly audioOutMs?: number;
  /** That it was asked to say; UTF-16 units. */
  readonly characters?: number;
  readonly tokens?: TokenUsage;
  /** Of the learner's speech that speech to speech had written down besides, which is charged by its length; whole ms. */
  readonly transcribedMs?: number;
}

/** With its cost in millionths of a rouble, at the prices of the moment. */
export interface PricedUse extends EngineUse {
  readonly costMicroRub: number;
}

// ── Speech to text ──────────────────────────────────────────────────────────────────────────

export interface SpeechToText {
  readonly name: string;
  readonly capabilities: {
    readonly languages: readonly Language[];
    /** Sends `end_of_utterance` by its own judgement of what was said. */
    readonly endOfUtterance: boolean;
    readonly wordTimes: boolean;
    /** It is sent, and paid for, what lies within utterances alone. */
    readonly utterancesOnly?: boolean;
  };
  /** Never throws: a failure to open arrives as the stream's `error` event. */
  open(options: TranscriptionOptions): TranscriptionStream;
}

export interface TranscriptionOptions {
  readonly language: Language;
  /** Aborting it is the same as `close()`. */
  readonly signal: AbortSignal;
}

/**
 * One caller's ear. Frames are written without a gap while the call lives; the voice activity detector
 * marks where speech starts and stops. An engine that must not hear silence keeps its own pre-roll.
 *
 * Order of events in an utterance: any number of `partial`, then one `final` (also when nothing was
 * understood: its text is empty), answered to `endUtterance()` or by the engine's own endpointing.
 * After `error` nothing follows. The iteration ends after `error` or `close()`.
 */
export interface TranscriptionStream {
  /** 320 samples, 16 kHz mono. The engine may not keep the array: it is used again. */
  write(frame: Int16Array): void;
  /**
   * Speech was noticed: the utterance begins `prefixMs` before the end of the last frame written, the detector's padding
   * included. Ignored within an utterance.
   */
  startUtterance(prefixMs: number): void;
  /** The speaker has stopped: answer with a `final` as soon as you can. Ignored outside of an utterance. */
  endUtterance(): void;
  readonly events: AsyncIterable<TranscriptionEvent>;
  /** Idempotent. */
  close(): void;
}

export interface TranscribedWord {
  readonly text: string;
  /** From the utterance's beginning, its prefix included. */
  readonly startMs: number;
  readonly endMs: number;
  /** 0…1. */
  readonly confidence: number;
}

export type TranscriptionEvent =
  | { readonly type: 'partial'; readonly text: string }
  | { readonly type: 'final'; readonly text: string; readonly words?: readonly TranscribedWord[] }
  | { readonly type: 'end_of_utterance' }
  | { readonly type: 'error'; readonly error: EngineError };

// ── Tutor ───────────────────────────────────────────────────────────────────────────────────

/**
 * Thinks of the answer. Stateless: what a tutor must remember between turns (the place in a lesson) it
 * gives out as `memory` and gets back with the next request. So a speculative answer can be dropped, and
 * a call can go on in another process.
 */
export interface Tutor {
  readonly name: string;
  readonly capabilities: { readonly languages: readonly Language[] };
  /**
   * Streams one answer; the iteration ends with the answer.
   * @throws EngineError from the iteration; nothing after `signal` aborts.
   */
  reply(request: TutorRequest, signal: AbortSignal): AsyncIterable<TutorEvent>;
}

export interface TutorMessage {
  readonly speaker: 'learner' | 'tutor';
  /** For the tutor: only the words that were heard. */
  readonly text: string;
}

export type TutorOccasion =
  /** The call begins: greet. */
  | 'greeting'
  /** The learner's turn ended: answer `heard`. */
  | 'turn'
  /** The learner has been silent for long: ask once whether they are there. */
  | 'away';

export interface TutorRequest {
  readonly occasion: TutorOccasion;
  /** What the learner said in this turn; empty unless `occasion` is `turn`. */
  readonly heard: string;
  /** Earlier turns, oldest first, without `heard`. */
  readonly history: readonly TutorMessage[];
  /** What the last completed answer left; `undefined` at the first request of a call. */
  readonly memory: TutorMemory | undefined;
  readonly language: Language;
  readonly level: Level;
  /** Composed from the system rules; empty for tutors that need none. */
  readonly instructions: string;
}

/** Any JSON object; only the tutor that wrote it reads it. */
export type TutorMemory = Readonly<Record<string, unknown>>;

export type WordMark = 'right' | 'wrong' | 'missing' | 'extra';

export interface AssessedWord {
  /** The word as it should be said; for `extra`, as it was heard. */
  readonly text: string;
  readonly mark: WordMark;
  /** For `wrong`: what was heard instead. */
  readonly heard?: string;
}

export interface Assessment {
  readonly expected: string;
  readonly words: readonly AssessedWord[];
  /** Share of the expected words that were right, in whole percent. */
  readonly percent: number;
}

export type TutorEvent =
  | { readonly type: 'text'; readonly delta: string }
  /** Comes before the first `text` of the answer. */
  | { readonly type: 'assessment'; readonly assessment: Assessment }
  /** The speaking rate from now on; 1 is the voice's own. */
  | { readonly type: 'pace'; readonly rate: number }
  | { readonly type: 'memory'; readonly memory: TutorMemory }
  /** The lesson is over: hang up when the answer has been heard. */
  | { readonly type: 'end_call' }
  /** What the answer cost; at any place in it, added up when it comes again. */
  | { readonly type: 'usage'; readonly usage: TokenUsage };

// ── Text to speech ──────────────────────────────────────────────────────────────────────────

export interface TextToSpeech {
  readonly name: string;
  /** Hz of the audio it gives out; mono. */
  readonly sampleRate: number;
  readonly capabilities: { readonly languages: readonly Language[]; readonly wordTimes: boolean };
  /**
   * Streams the sound of one sentence, as it is made. A text without anything to say has no audio.
   * @throws EngineError from the iteration. After `signal` aborts the iteration ends at once, without audio.
   */
  synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncIterable<SynthesisEvent>;
}

export interface SynthesisRequest {
  readonly text: string;
  readonly language: Language;
  readonly voice?: string;
  /** 1 is the voice's own pace; 0.5…2. */
  readonly rate: number;
}

export type SynthesisEvent =
  /** Any number of samples, at least one. The receiver owns the array. `sampleRate`: where it is not the engine's own. */
  | { readonly type: 'audio'; readonly samples: Int16Array; readonly sampleRate?: number }
  /** Where in the sentence's audio a word begins; `offset` counts UTF-16 units of the request's text. */
  | { readonly type: 'word'; readonly offset: number; readonly startMs: number };

// ── Speech to speech ────────────────────────────────────────────────────────────────────────

/** One engine that hears, thinks and speaks. */
export interface SpeechToSpeech {
  readonly name: string;
  /** Hz of the audio it gives out; mono. */
  readonly sampleRate: number;
  readonly capabilities: { readonly languages: readonly Language[] };
  /** Never throws: a failure to open arrives as the session's `error` event. */
  open(options: SpeechToSpeechOptions): SpeechToSpeechSession;
}

export interface SpeechToSpeechOptions {
  readonly language: Language;
  readonly level: Level;
  readonly instructions: string;
  readonly history: readonly TutorMessage[];
  readonly signal: AbortSignal;
}

export interface SpeechToSpeechSession {
  /** 320 samples, 16 kHz mono; written without a gap. The engine may not keep the array. */
  write(frame: Int16Array): void;
  /** Ask it to speak without having been spoken to: to greet, or after a long silence to ask whether the learner is there. */
  greet(occasion?: 'greeting' | 'away'): void;
  /** Stop the answer under way; the learner heard `playedMs` of the answer `answerId`. */
  interrupt(answerId: string, playedMs: number): void;
  readonly events: AsyncIterable<SpeechToSpeechEvent>;
  /** Idempotent. */
  close(): void;
}

export type SpeechToSpeechEvent =
  | { readonly type: 'speech_started' }
  | { readonly type: 'speech_stopped' }
  | { readonly type: 'heard'; readonly text: string; readonly final: boolean }
  | { readonly type: 'answer_started'; readonly answerId: string }
  | { readonly type: 'audio'; readonly answerId: string; readonly samples: Int16Array }
  | { readonly type: 'text'; readonly answerId: string; readonly delta: string }
  | { readonly type: 'answer_finished'; readonly answerId: string }
  /** The lesson is over: hang up when the answers so far have been heard. */
  | { readonly type: 'end_call' }
  /** What was spent since the last one. It may come after its answer finished, or was interrupted. */
  | { readonly type: 'usage'; readonly usage: TokenUsage }
  /** So much of the learner's speech was written down, where that costs besides. Whole ms. */
  | { readonly type: 'transcribed'; readonly audioMs: number }
  | { readonly type: 'error'; readonly error: EngineError };
