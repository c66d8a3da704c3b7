import type { Logger } from '../../platform/log.ts';
import type { AssessedWord } from '../../speech/engine.ts';
import type { Answer } from './answer.ts';
import type { CallMetrics } from './call-metrics.ts';
import { observeStage } from './call-metrics.ts';
import type { ConversationListener } from './conversation.ts';
import type { TurnRecord, TurnStage } from './ports.ts';
import { toCaption, toLatency, type Transcript } from './transcript.ts';

export interface TurnBookOptions {
  readonly transcript: Transcript;
  readonly engines: { readonly stt: string; readonly tutor: string; readonly tts: string };
  /** Whole ms talked in the call so far. */
  readonly talkedMs: () => number;
  readonly listener: ConversationListener;
  readonly metrics: CallMetrics;
  readonly log: Logger;
}

/** A tutor's turn while it is being made and heard. */
export interface TutorTurn {
  readonly answer: Answer;
  /** The learner's turn that it answers; none for a greeting. */
  learnerTurn: TurnRecord | undefined;
  /** Its place in the transcript, given once it can be heard. */
  ordinal: number | undefined;
  readonly startedAtMs: number;
  /** When the learner's voice ended, on the monotonic clock. */
  readonly speechEndedMs: number;
  readonly stages: Partial<Record<TurnStage, number>>;
}

/** Writes the turns down as they happen: transcript, captions, rows, latencies. */
export class TurnBook {
  readonly #options: TurnBookOptions;

  constructor(options: TurnBookOptions) {
    this.#options = options;
  }

  /** The learner's turn is whole, as far as anybody knows. */
  keepLearnerTurn(turn: {
    readonly text: string;
    readonly voicedMs: number;
    readonly silentForMs: number;
  }): TurnRecord {
    const { transcript, engines, talkedMs } = this.#options;
    const durationMs = Math.max(0, Math.round(turn.voicedMs));
    const record: TurnRecord = {
      ordinal: transcript.next,
      speaker: 'learner',
      text: turn.text,
      heardText: turn.text,
      interrupted: false,
      words: undefined,
      engines: { stt: engines.stt },
      startedAtMs: Math.max(0, Math.round(talkedMs() - turn.silentForMs - durationMs)),
      durationMs,
      stages: {},
    };
    this.#keep(record);
    return record;
  }

  /** The learner went on: the turn is not whole after all. */
  reopen(turn: TurnRecord): void {
    this.#options.transcript.reopen(turn.ordinal);
  }

  /** The learner's words of a turn that is still open; an empty text takes the caption away. */
  showLearner(text: string): void {
    const { listener, transcript } = this.#options;
    listener.onCaption({ turn: transcript.next, speaker: 'learner', text, final: text === '' });
  }

  assess(tutorTurn: TutorTurn, words: readonly AssessedWord[]): void {
    if (!tutorTurn.learnerTurn) return;
    tutorTurn.learnerTurn = { ...tutorTurn.learnerTurn, words };
    this.#keep(tutorTurn.learnerTurn);
  }

  /** A greeting answers nothing that was said: there is nothing to be late after. */
  mark(tutorTurn: TutorTurn, stage: TurnStage, atMs: number): void {
    if (!tutorTurn.learnerTurn) return;
    const ms = Math.max(0, atMs - tutorTurn.speechEndedMs);
    tutorTurn.stages[stage] = Math.round(ms * 10) / 10;
    observeStage(this.#options.metrics, stage, ms);
  }

  /** The answer can be heard: it takes its place in the transcript. */
  openTutorTurn(tutorTurn: TutorTurn): void {
    const { transcript, listener } = this.#options;
    tutorTurn.ordinal = transcript.next;
    transcript.put(this.#record(tutorTurn, tutorTurn.ordinal, false));
    this.showTutorTurn(tutorTurn);
    if (tutorTurn.learnerTurn) listener.onLatency(toLatency(tutorTurn.ordinal, tutorTurn.stages));
  }

  /** How far the answer has been made and heard by now. */
  showTutorTurn({ answer, ordinal }: TutorTurn): void {
    if (ordinal === undefined) return;
    this.#options.listener.onCaption({
      turn: ordinal,
      speaker: 'tutor',
      text: answer.text.trim(),
      final: false,
      heard_length: answer.heardText.length,
    });
  }

  closeTutorTurn(tutorTurn: TutorTurn, interrupted: boolean): void {
    if (tutorTurn.ordinal === undefined) return;
    this.#keep(this.#record(tutorTurn, tutorTurn.ordinal, interrupted));
    this.#options.log.info({ turn: tutorTurn.ordinal, ...tutorTurn.stages, interrupted }, 'A turn was answered');
  }

  #record({ answer, startedAtMs, stages }: TutorTurn, ordinal: number, interrupted: boolean): TurnRecord {
    const { engines, talkedMs } = this.#options;
    return {
      ordinal,
      speaker: 'tutor',
      text: answer.text.trim(),
      heardText: answer.heardText,
      interrupted,
      words: undefined,
      engines: { tutor: engines.tutor, tts: engines.tts },
      startedAtMs,
      durationMs: Math.max(0, talkedMs() - startedAtMs),
      stages,
    };
  }

  #keep(turn: TurnRecord): void {
    this.#options.transcript.put(turn);
    this.#options.listener.onTurn(turn);
    this.#options.listener.onCaption(toCaption(turn));
  }
}
