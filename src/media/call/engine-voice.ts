import type { SpeechToSpeechEvent } from '../../speech/engine.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CallMetrics } from './call-metrics.ts';
import { SpokenAnswer } from './spoken-answer.ts';
import type { TurnBook, TutorTurn } from './turn-book.ts';
import type { VoiceOutput } from './voice-output.ts';

export interface EngineVoiceOptions {
  /** Hz. */
  readonly sampleRate: number;
  readonly speaker: VoiceOutput;
  readonly book: TurnBook;
  readonly clock: Clock;
  readonly metrics: CallMetrics;
  readonly onAudible: (answerId: string) => void;
  /** Heard to its end, or come to nothing; `more`: another one follows. */
  readonly onOver: (answerId: string, more: boolean) => void;
  /** The engine is to stop making it. */
  readonly onStop: (answerId: string, playedMs: number) => void;
}

interface VoicedTurn extends TutorTurn {
  readonly answer: SpokenAnswer;
}

/** The tutor's side of a conversation with an engine that speaks by itself: its answers, one after the other. */
export class EngineVoice {
  readonly #options: EngineVoiceOptions;
  /** The first is heard; the others wait. */
  readonly #turns: VoicedTurn[] = [];
  #held = false;
  #suspended = true;
  #stoppedAtMs: number | undefined;

  constructor(options: EngineVoiceOptions) {
    this.#options = options;
    this.#setSound();
  }

  get quiet(): boolean {
    return this.#turns.length === 0;
  }

  /** @param speechEndedMs when the learner's voice ended that it answers; `undefined`: it answers nothing */
  begin(answerId: string, speechEndedMs: number | undefined): TutorTurn {
    const { speaker, sampleRate } = this.#options;
    const segment = speaker.openSegment({ sampleRate, onStarted: () => this.#audible(turn) });
    const turn: VoicedTurn = {
      answer: new SpokenAnswer(answerId, segment),
      learnerTurn: undefined,
      words: undefined,
      ordinal: undefined,
      startedAtMs: undefined,
      speechEndedMs,
      stages: {},
    };
    this.#turns.push(turn);
    void segment.finished.then(() => this.#finish(turn));
    return turn;
  }

  /** What comes of an answer that was stopped is nobody's any more. */
  receive(event: Extract<SpeechToSpeechEvent, { type: 'audio' | 'text' | 'answer_finished' }>): void {
    const turn = this.#turns.find(({ answer }) => answer.id === event.answerId);
    if (!turn) return;
    if (event.type === 'audio') {
      this.#markFirst(turn, 'first_audio');
      turn.answer.addSound(event.samples);
    } else if (event.type === 'text') {
      this.#markFirst(turn, 'first_token');
      turn.answer.addText(event.delta);
      this.#options.book.showTutorTurn(turn);
    } else turn.answer.finish();
  }

  hold(): void {
    this.#held = true;
    this.#stoppedAtMs = this.#options.clock.monotonicMs();
    this.#setSound();
  }

  goOn(): void {
    this.#held = false;
    this.#setSound();
  }

  /** The learner spoke over it, from `voicedSinceMs` on: all that is to be heard goes. */
  interrupt(voicedSinceMs: number): void {
    const { book, clock, onStop } = this.#options;
    const stoppedAtMs = this.#held ? this.#stoppedAtMs : undefined;
    const [heard] = this.#turns;
    if (heard?.ordinal !== undefined) book.markStop(heard, voicedSinceMs, stoppedAtMs ?? clock.monotonicMs());
    for (const { answer } of this.#turns) onStop(answer.id, Math.floor(answer.segment.playedMs));
    this.drop();
    this.#held = false;
    this.#setSound();
  }

  /** Stops all sound and keeps what was heard of it. */
  drop(): void {
    const turns = this.#turns.splice(0);
    if (turns.length > 0) this.#options.speaker.stop();
    for (const turn of turns) this.#options.book.closeTutorTurn(turn, true);
  }

  setSuspended(suspended: boolean): void {
    this.#suspended = suspended;
    this.#setSound();
  }

  /** Another frame of the answer is heard. */
  showProgress(): void {
    const [turn] = this.#turns;
    if (turn) this.#options.book.showProgress(turn);
  }

  #setSound(): void {
    const { speaker } = this.#options;
    if (this.#suspended || this.#held) speaker.pause();
    else speaker.resume();
  }

  #markFirst(turn: VoicedTurn, stage: 'first_audio' | 'first_token'): void {
    if (turn.stages[stage] === undefined) this.#options.book.mark(turn, stage, this.#options.clock.monotonicMs());
  }

  #audible(turn: VoicedTurn): void {
    if (!this.#turns.includes(turn)) return;
    const { book, clock, onAudible } = this.#options;
    book.mark(turn, 'reply', clock.monotonicMs());
    book.openTutorTurn(turn);
    onAudible(turn.answer.id);
  }

  #finish(turn: VoicedTurn): void {
    const at = this.#turns.indexOf(turn);
    if (at === -1) return;
    this.#turns.splice(at, 1);
    this.#options.book.closeTutorTurn(turn, false);
    // It may end while it is held: the next one must be heard.
    this.#held = false;
    this.#setSound();
    this.#options.onOver(turn.answer.id, this.#turns.length > 0);
  }
}
