import type { Clock } from '../../platform/clock.ts';
import { toAppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type { Language, Level, TextToSpeech, Tutor, TutorMemory, TutorRequest } from '../../speech/engine.ts';
import { Answer } from './answer.ts';
import type { CallMetrics } from './call-metrics.ts';
import type { ConversationListener } from './conversation.ts';
import type { Transcript } from './transcript.ts';
import type { TurnBook, TutorTurn } from './turn-book.ts';
import type { TurnSettings } from './turn-settings.ts';
import type { TurnEffect } from './turn-state.ts';
import type { VoiceOutput } from './voice-output.ts';

export interface TutorSideOptions {
  readonly tutor: Tutor;
  readonly textToSpeech: TextToSpeech;
  readonly speaker: VoiceOutput;
  readonly transcript: Transcript;
  readonly book: TurnBook;
  readonly memory: TutorMemory | undefined;
  readonly language: Language;
  readonly level: Level;
  readonly instructions: string;
  readonly settings: Pick<TurnSettings, 'engineSilenceMs'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: CallMetrics;
  readonly listener: Pick<ConversationListener, 'onMemory' | 'onNotice' | 'onOver'>;
  /** The first sound of the answer left for the learner. */
  readonly onAudible: (answer: number) => void;
  /** The answer was heard to its end, or came to nothing. */
  readonly onFinished: (answer: number) => void;
}

/** The answer under way: a guess until it is released, then bound to a turn. */
interface CurrentAnswer extends TutorTurn {
  readonly answer: Answer;
  readonly id: number;
  released: boolean;
  failed: boolean;
  /** Made and played, or come to nothing. */
  over: boolean;
  /** When it was stopped, and by a voice that began when; `undefined` while it goes on. */
  stop: { readonly atMs: number; readonly voicedSinceMs: number } | undefined;
}

/** Of no turn: it is the tutor's own. */
const LAST_ANSWER = -1;

/** Answers in a row that failed before a word was heard, after which the call ends. */
const MAX_FAILED_ANSWERS = 2;

/** The tutor's side of a conversation: the answer under way, what the tutor remembers, and how fast it speaks. */
export class TutorSide {
  readonly #options: TutorSideOptions;
  #current: CurrentAnswer | undefined;
  #memory: TutorMemory | undefined;
  #rate = 1;
  #failures = 0;
  #suspended = true;
  #held = false;
  /** Said instead of the next answer. */
  #prescribed: string | undefined;
  /** With the end of the answer under way the call ends. */
  #last = false;

  constructor(options: TutorSideOptions) {
    this.#options = options;
    this.#memory = options.memory;
    this.#setSound();
  }

  /** Begins an answer that nobody hears until it is released. */
  speculate({ answer, text, speechEndedMs }: TurnEffect & { type: 'speculate' }): void {
    this.#begin({ id: answer, occasion: 'turn', text, speechEndedMs });
  }

  dropSpeculation(): void {
    this.#options.metrics.speculations.inc({ outcome: 'dropped' });
    this.#current?.answer.cancel();
    this.#current = undefined;
    this.#setSound();
  }

  /** Begins the answer, or releases the one that was begun on the right guess. */
  answer(effect: TurnEffect & { type: 'answer' }): void {
    const { occasion, text, speechEndedMs } = effect;
    const guessed = this.#current?.id === effect.answer && !this.#current.failed ? this.#current : undefined;
    if (guessed) this.#options.metrics.speculations.inc({ outcome: 'used' });
    else this.#current?.answer.cancel();
    const current = guessed ?? this.#begin({ id: effect.answer, occasion, text, speechEndedMs });
    current.released = true;
    if (occasion === 'turn') this.#options.book.keepLearnerTurn(current, effect);
    this.#setSound();
    if (current.over) queueMicrotask(() => this.#finish(current));
  }

  /** The next answer is this text, whatever is asked. */
  prescribe(text: string): void {
    this.#prescribed = text;
  }

  /** Says this instead of whatever is under way, and then ends the call: an engine without which nothing goes is lost. */
  giveUp(text: string): void {
    if (this.#last) return;
    if (this.#current) this.#stop(this.#current);
    this.#last = true;
    this.#prescribed = text;
    this.#begin({ id: LAST_ANSWER, occasion: 'away', text: '', speechEndedMs: 0 }).released = true;
    this.#setSound();
  }

  /** Stops in mid-word, keeping the rest, for a voice that began at `voicedSinceMs`. */
  hold(voicedSinceMs: number): void {
    this.#held = true;
    this.#setSound();
    if (this.#current) this.#current.stop = { atMs: this.#options.clock.monotonicMs(), voicedSinceMs };
  }

  /** Goes on from where it stopped. */
  goOn(): void {
    this.#held = false;
    this.#setSound();
    if (this.#current) this.#current.stop = undefined;
  }

  cancel({ answer, because, voicedSinceMs }: TurnEffect & { type: 'cancel_answer' }): void {
    const { book, clock } = this.#options;
    const current = this.#current;
    if (current?.id !== answer) return;
    const stop = current.stop ?? { atMs: clock.monotonicMs(), voicedSinceMs };
    if (current.answer.audible) book.markStop(current, stop.voicedSinceMs, stop.atMs);
    this.#stop(current);
    if (because === 'continued') book.reopen(current);
  }

  /** The media is gone: nothing is sent, nothing is lost. */
  suspend(): void {
    this.#suspended = true;
    this.#setSound();
  }

  resume(): void {
    this.#suspended = false;
    this.#setSound();
  }

  /** Another frame of the answer is heard. */
  showProgress(): void {
    if (this.#current) this.#options.book.showProgress(this.#current);
  }

  /** Stops the answer under way and keeps what was heard of it. */
  close(): void {
    if (this.#current) this.#stop(this.#current);
  }

  /** A guess is not heard, nor an answer that is held, nor anything without a connection. */
  #setSound(): void {
    const { speaker } = this.#options;
    const silent = this.#suspended || this.#held || this.#current?.released === false;
    if (silent) speaker.pause();
    else speaker.resume();
  }

  #begin(asked: {
    readonly id: number;
    readonly occasion: TutorRequest['occasion'];
    readonly text: string;
    readonly speechEndedMs: number;
  }): CurrentAnswer {
    const { textToSpeech, speaker, clock, transcript, book, language, level, instructions } = this.#options;
    const tutor = this.#prescribed === undefined ? this.#options.tutor : saying(this.#prescribed, this.#options.tutor);
    this.#prescribed = undefined;
    const { engineSilenceMs } = this.#options.settings;
    const { id, occasion, text, speechEndedMs } = asked;
    const answer = new Answer({
      request: {
        occasion,
        heard: text,
        history: transcript.history(),
        memory: this.#memory,
        language,
        level,
        instructions,
      },
      tutor,
      textToSpeech,
      speaker,
      clock,
      rate: this.#rate,
      engineSilenceMs,
      listener: {
        onStage: (stage, atMs) => book.mark(current, stage, atMs),
        onAssessment: ({ words }) => book.assess(current, words),
        onText: () => book.showTutorTurn(current),
        onAudible: () => this.#audible(current),
        onFinished: () => this.#finish(current),
        onFailed: (error) => this.#fail(current, error),
      },
    });
    const current: CurrentAnswer = {
      id,
      answer,
      released: false,
      failed: false,
      over: false,
      stop: undefined,
      learnerTurn: undefined,
      words: undefined,
      ordinal: undefined,
      startedAtMs: undefined,
      speechEndedMs: occasion === 'turn' ? speechEndedMs : undefined,
      stages: {},
    };
    this.#current = current;
    this.#setSound();
    answer.start();
    return current;
  }

  #audible(current: CurrentAnswer): void {
    if (this.#current !== current) return;
    this.#options.book.openTutorTurn(current);
    this.#options.onAudible(current.id);
  }

  #finish(current: CurrentAnswer): void {
    current.over = true;
    if (this.#current !== current || !current.released) return;
    this.#current = undefined;
    // It may end while it is held: the next one must be heard.
    this.#held = false;
    this.#setSound();
    const { book, listener, onFinished } = this.#options;
    const { audible, endsCall } = current.answer;
    // An apology can be heard, too: it is no answer.
    if (audible && !current.failed) this.#failures = 0;
    this.#adopt(current);
    book.closeTutorTurn(current, false);
    onFinished(current.id);
    if (endsCall) listener.onOver('lesson_over');
    else if (this.#last || (current.failed && this.#failures >= MAX_FAILED_ANSWERS)) listener.onOver('engine_failed');
  }

  #fail(current: CurrentAnswer, error: unknown): void {
    if (this.#current !== current) return;
    const { code } = toAppError(error);
    this.#options.log.warn({ err: error, code, guessed: !current.released }, 'An answer failed');
    current.failed = true;
    if (!current.released) return;
    this.#failures += 1;
    this.#options.listener.onNotice({ code, message: 'The tutor could not answer. Say it again, please.' });
  }

  #stop(current: CurrentAnswer): void {
    this.#current = undefined;
    current.answer.cancel();
    this.#adopt(current);
    this.#options.book.closeTutorTurn(current, true);
    this.#held = false;
    this.#setSound();
  }

  /** An answer that was heard has happened, in part or whole: the tutor remembers it. */
  #adopt({ answer }: CurrentAnswer): void {
    if (!answer.audible) return;
    this.#rate = answer.rate;
    if (!answer.memory) return;
    this.#memory = answer.memory;
    this.#options.listener.onMemory(answer.memory);
  }
}

/** A tutor that says this one text. */
function saying(text: string, { name, capabilities }: Tutor): Tutor {
  return {
    name,
    capabilities,
    async *reply() {
      yield { type: 'text', delta: text };
    },
  };
}
