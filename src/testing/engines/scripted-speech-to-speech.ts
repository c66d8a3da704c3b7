import type {
  Language,
  SpeechToSpeech,
  SpeechToSpeechEvent,
  SpeechToSpeechOptions,
  SpeechToSpeechSession,
} from '../../speech/engine.ts';
import { EventQueue } from '../../speech/event-queue.ts';
import { type ScriptedFailure, toEngineError } from './scripted-failure.ts';
import { createTone } from './scripted-text-to-speech.ts';

const FRAME_MS = 20;
/** A frame with a sample beyond this is speech to the script. */
const SPEECH_PEAK = 500;
const SILENCE_TO_END_MS = 200;

export interface ScriptedDialogue {
  readonly heard: string;
  readonly answer: string;
  readonly answerMs?: number;
  /** Fails in the middle of this answer's audio. */
  readonly failure?: ScriptedFailure;
  /** Begins this answer and never goes on. */
  readonly stall?: boolean;
}

export interface ScriptedSpeechToSpeechOptions {
  readonly greeting?: string;
  /** By the learner's turn; begun again after the last. */
  readonly dialogue?: readonly ScriptedDialogue[];
  readonly openFailure?: ScriptedFailure;
  readonly name?: string;
  /** Hz; 24 000 unless told. */
  readonly sampleRate?: number;
  readonly languages?: readonly Language[];
  readonly chunkMs?: number;
}

export interface ScriptedInterruption {
  readonly answerId: string;
  readonly playedMs: number;
}

export interface ScriptedSpeechToSpeech extends SpeechToSpeech {
  readonly interruptions: readonly ScriptedInterruption[];
}

/** Hears speech by its loudness, and answers as its script says. Its only clock is the audio written to it. */
export function createScriptedSpeechToSpeech(options: ScriptedSpeechToSpeechOptions = {}): ScriptedSpeechToSpeech {
  const { name = 'scripted', sampleRate = 24_000, languages = ['en', 'ru'] } = options;
  const interruptions: ScriptedInterruption[] = [];
  return {
    name,
    sampleRate,
    capabilities: { languages },
    interruptions,
    open: (request) =>
      new ScriptedSession({ ...options, name, sampleRate, languages }, request, (interruption) =>
        interruptions.push(interruption),
      ),
  };
}

interface AnswerUnderWay {
  readonly id: string;
  readonly audio: Int16Array;
  readonly script: Omit<ScriptedDialogue, 'heard'>;
  sent: number;
}

type SessionScript = ScriptedSpeechToSpeechOptions &
  Required<Pick<ScriptedSpeechToSpeechOptions, 'name' | 'sampleRate' | 'languages'>>;

class ScriptedSession implements SpeechToSpeechSession {
  readonly #script: SessionScript;
  readonly #request: SpeechToSpeechOptions;
  readonly #noteInterruption: (interruption: ScriptedInterruption) => void;
  readonly #queue = new EventQueue<SpeechToSpeechEvent>();
  #answers = 0;
  #turns = 0;
  #answer: AnswerUnderWay | undefined;
  #speaking = false;
  #silenceMs = 0;

  constructor(
    script: SessionScript,
    request: SpeechToSpeechOptions,
    noteInterruption: (interruption: ScriptedInterruption) => void,
  ) {
    this.#script = script;
    this.#request = request;
    this.#noteInterruption = noteInterruption;
    request.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (request.signal.aborted) this.close();
    else if (script.openFailure) this.#fail(script.openFailure);
    else if (!script.languages.includes(request.language)) {
      this.#fail({ code: 'engine_rejected', message: 'The script does not know this language.', retryable: false });
    }
  }

  get events(): AsyncIterable<SpeechToSpeechEvent> {
    return this.#queue;
  }

  write(frame: Int16Array): void {
    if (this.#queue.ended) return;
    const loud = frame.some((sample) => Math.abs(sample) > SPEECH_PEAK);
    this.#silenceMs = loud ? 0 : this.#silenceMs + FRAME_MS;
    if (loud && !this.#speaking) {
      this.#speaking = true;
      this.#queue.push({ type: 'speech_started' });
    } else if (this.#speaking && this.#silenceMs >= SILENCE_TO_END_MS) {
      this.#speaking = false;
      this.#queue.push({ type: 'speech_stopped' });
      this.#takeTurn();
    }
    this.#speak();
  }

  greet(): void {
    if (!this.#queue.ended) this.#begin({ answer: this.#script.greeting ?? 'Hello.' });
  }

  interrupt(answerId: string, playedMs: number): void {
    if (this.#queue.ended) return;
    this.#noteInterruption({ answerId, playedMs });
    if (this.#answer?.id === answerId) this.#finish();
  }

  close(): void {
    this.#answer = undefined;
    this.#queue.endNow();
    this.#request.signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.close();

  #takeTurn(): void {
    const { dialogue = [] } = this.#script;
    const turn = dialogue[this.#turns++ % Math.max(1, dialogue.length)] ?? { heard: '', answer: 'I see.' };
    this.#queue.push({ type: 'heard', text: turn.heard, final: true });
    this.#begin(turn);
  }

  #begin(script: Omit<ScriptedDialogue, 'heard'>): void {
    if (this.#answer) this.#finish();
    const { sampleRate } = this.#script;
    const durationMs = script.answerMs ?? script.answer.length * 60;
    const id = `answer-${++this.#answers}`;
    this.#answer = { id, audio: createTone({ sampleRate, durationMs }), script, sent: 0 };
    this.#queue.push({ type: 'answer_started', answerId: id });
    this.#queue.push({ type: 'text', answerId: id, delta: script.answer });
  }

  /** Gives out one chunk with each frame that comes in: five times as fast as it is spoken. */
  #speak(): void {
    const answer = this.#answer;
    if (!answer || answer.script.stall) return;
    const { sampleRate, chunkMs = 100 } = this.#script;
    const next = answer.sent + Math.round((chunkMs / 1_000) * sampleRate);
    if (answer.script.failure && next >= answer.audio.length / 2) {
      this.#fail(answer.script.failure);
      return;
    }
    const samples = answer.audio.slice(answer.sent, next);
    answer.sent = next;
    if (samples.length > 0) this.#queue.push({ type: 'audio', answerId: answer.id, samples });
    if (next >= answer.audio.length) this.#finish();
  }

  #finish(): void {
    if (this.#answer) this.#queue.push({ type: 'answer_finished', answerId: this.#answer.id });
    this.#answer = undefined;
  }

  #fail(failure: ScriptedFailure): void {
    this.#answer = undefined;
    this.#queue.push({ type: 'error', error: toEngineError(this.#script.name, failure) });
    this.#queue.end();
  }
}
