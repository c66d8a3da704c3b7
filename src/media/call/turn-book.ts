import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { AssessedWord } from '../../speech/engine.ts';
import type { Answer } from './answer.ts';
import { type CallMetrics, observeStage } from './call-metrics.ts';
import type { ConversationListener } from './conversation.ts';
import type { TurnRecord, TurnStage } from './ports.ts';
import { toCaption, toLatency, type Transcript } from './transcript.ts';

export interface TurnBookOptions {
  readonly transcript: Transcript;
  /** Who serves at this moment: of a learner's turn, of a tutor's. */
  readonly engines: () => { readonly learner: TurnRecord['engines']; readonly tutor: TurnRecord['engines'] };
  /** Whole ms talked in the call so far. */
  readonly talkedMs: () => number;
  readonly listener: Pick<ConversationListener, 'onCaption' | 'onTurn' | 'onLatency'>;
  readonly clock: Clock;
  readonly metrics: CallMetrics;
  readonly log: Logger;
}

/** A tutor's turn while it is being made and heard. */
export interface TutorTurn {
  readonly answer: Pick<Answer, 'text' | 'heardText'>;
  /** The learner's turn that it answers; none for a greeting, and none yet for a guess. */
  learnerTurn: TurnRecord | undefined;
  /** The drill's marks of the learner's words. */
  words: readonly AssessedWord[] | undefined;
  /** Its place in the transcript and its talk time, given once it can be heard. */
  ordinal: number | undefined;
  startedAtMs: number | undefined;
  /** When the learner's voice ended, on the monotonic clock; `undefined` when the turn answers nothing. */
  speechEndedMs: number | undefined;
  readonly stages: Partial<Record<TurnStage, number>>;
}

/** Frames of 20 ms between two captions of how far an answer has been heard. */
const PROGRESS_FRAMES = 15;

/** Writes the turns down as they happen: transcript, captions, rows, latencies. */
export class TurnBook {
  readonly #options: TurnBookOptions;
  #finalTranscriptAtMs: number | undefined;
  #framesUnshown = 0;

  constructor(options: TurnBookOptions) {
    this.#options = options;
  }

  /** The learner begins to speak: the transcript of before is not this turn's. */
  openLearnerTurn(): void {
    this.#finalTranscriptAtMs = undefined;
  }

  finalTranscript(): void {
    this.#finalTranscriptAtMs = this.#options.clock.monotonicMs();
  }

  /** The learner's words of a turn that is still open; an empty text takes the caption away. */
  showLearner(text: string): void {
    const { listener, transcript } = this.#options;
    listener.onCaption({ turn: transcript.next, speaker: 'learner', text, final: text === '' });
  }

  /** The learner's turn is whole, as far as anybody knows, and `tutorTurn` answers it. */
  keepLearnerTurn(
    tutorTurn: TutorTurn,
    turn: { readonly text: string; readonly voicedMs: number; readonly speechEndedMs: number },
  ): void {
    const { transcript, engines, talkedMs, metrics, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const durationMs = Math.max(0, Math.round(turn.voicedMs));
    const silentForMs = nowMs - turn.speechEndedMs;
    tutorTurn.learnerTurn = {
      ordinal: transcript.next,
      speaker: 'learner',
      text: turn.text,
      heardText: turn.text,
      interrupted: false,
      words: tutorTurn.words,
      engines: engines().learner,
      startedAtMs: Math.max(0, Math.round(talkedMs() - silentForMs - durationMs)),
      durationMs,
      stages: {},
    };
    this.#keep(tutorTurn.learnerTurn);
    // What a guess had reached by now counts for the turn, from where the turn ended at last.
    const laterMs = turn.speechEndedMs - (tutorTurn.speechEndedMs ?? turn.speechEndedMs);
    tutorTurn.speechEndedMs = turn.speechEndedMs;
    for (const [stage, ms] of Object.entries(tutorTurn.stages) as [TurnStage, number][]) {
      tutorTurn.stages[stage] = tenths(ms - laterMs);
      observeStage(metrics, stage, tutorTurn.stages[stage]);
    }
    this.mark(tutorTurn, 'endpoint', nowMs);
    if (this.#finalTranscriptAtMs !== undefined) this.mark(tutorTurn, 'final_transcript', this.#finalTranscriptAtMs);
  }

  /** What the learner said is understood only now, or better. */
  reviseLearnerTurn(tutorTurn: TutorTurn, text: string): void {
    if (!tutorTurn.learnerTurn) return;
    tutorTurn.learnerTurn = { ...tutorTurn.learnerTurn, text, heardText: text };
    this.#keep(tutorTurn.learnerTurn);
  }

  /** The learner went on: the turn is not whole after all. */
  reopen({ learnerTurn }: TutorTurn): void {
    if (learnerTurn) this.#options.transcript.reopen(learnerTurn.ordinal);
  }

  assess(tutorTurn: TutorTurn, words: readonly AssessedWord[]): void {
    tutorTurn.words = words;
    if (!tutorTurn.learnerTurn) return;
    tutorTurn.learnerTurn = { ...tutorTurn.learnerTurn, words };
    this.#keep(tutorTurn.learnerTurn);
  }

  /** Writes down when a stage was reached; of a greeting nothing, for there is nothing to be late after. */
  mark({ speechEndedMs, stages, learnerTurn }: TutorTurn, stage: TurnStage, atMs: number): void {
    if (speechEndedMs === undefined) return;
    const ms = tenths(atMs - speechEndedMs);
    stages[stage] = ms;
    if (learnerTurn) observeStage(this.#options.metrics, stage, ms);
  }

  /** The tutor fell silent because the learner spoke, who began at `voicedSinceMs`. */
  markStop({ stages, ordinal }: TutorTurn, voicedSinceMs: number, atMs: number): void {
    stages.stop = tenths(atMs - voicedSinceMs);
    observeStage(this.#options.metrics, 'stop', stages.stop);
    if (ordinal !== undefined) this.#options.listener.onLatency(toLatency(ordinal, stages));
  }

  /** The answer can be heard: it takes its place in the transcript. */
  openTutorTurn(tutorTurn: TutorTurn): void {
    const { transcript, listener, talkedMs } = this.#options;
    tutorTurn.ordinal = transcript.next;
    tutorTurn.startedAtMs = talkedMs();
    transcript.put(this.#record(tutorTurn, false));
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

  /** The same, as often as is worth it. Each 20 ms while the answer is heard. */
  showProgress(tutorTurn: TutorTurn): void {
    if (++this.#framesUnshown < PROGRESS_FRAMES) return;
    this.#framesUnshown = 0;
    this.showTutorTurn(tutorTurn);
  }

  /** The answer was heard to its end or interrupted; one that nobody heard leaves no trace. */
  closeTutorTurn(tutorTurn: TutorTurn, interrupted: boolean): void {
    if (tutorTurn.ordinal === undefined) return;
    this.#keep(this.#record(tutorTurn, interrupted));
    this.#options.log.info({ turn: tutorTurn.ordinal, ...tutorTurn.stages, interrupted }, 'A turn was answered');
  }

  #record({ answer, ordinal = 0, startedAtMs = 0, stages }: TutorTurn, interrupted: boolean): TurnRecord {
    const { engines, talkedMs } = this.#options;
    return {
      ordinal,
      speaker: 'tutor',
      text: answer.text.trim(),
      heardText: answer.heardText,
      interrupted,
      words: undefined,
      engines: engines().tutor,
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

/** Milliseconds to a tenth, and never less than none. */
function tenths(ms: number): number {
  return Math.round(Math.max(0, ms) * 10) / 10;
}
