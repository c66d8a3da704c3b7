import type { Clock, Timer } from '../../platform/clock.ts';
import { toAppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type {
  EngineError,
  Language,
  Level,
  SpeechToText,
  TextToSpeech,
  TranscriptionEvent,
  Tutor,
  TutorMemory,
} from '../../speech/engine.ts';
import type { Speaker } from '../audio/speaker.ts';
import type { CallPhase, Caption } from '../protocol.ts';
import { Answer, type AnswerListener } from './answer.ts';
import type { CallMetrics } from './call-metrics.ts';
import type { Conversation, ConversationListener, VoiceActivity } from './conversation.ts';
import { Ear } from './ear.ts';
import type { Transcript } from './transcript.ts';
import { TurnBook, type TutorTurn } from './turn-book.ts';
import type { TurnSettings } from './turn-settings.ts';
import {
  nextDeadlineMs,
  startTurnTaking,
  takeTurn,
  type TurnEffect,
  type TurnEvent,
  type TurnState,
  unansweredText,
} from './turn-taking.ts';

export interface PipelineOptions {
  readonly speechToText: SpeechToText;
  readonly tutor: Tutor;
  readonly textToSpeech: TextToSpeech;
  readonly speaker: Speaker;
  readonly transcript: Transcript;
  readonly memory: TutorMemory | undefined;
  readonly language: Language;
  readonly level: Level;
  readonly instructions: string;
  readonly settings: TurnSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: CallMetrics;
  /** Whole ms talked in the call so far. */
  readonly talkedMs: () => number;
  readonly listener: ConversationListener;
}

/** The answer under way. */
interface CurrentAnswer extends TutorTurn {
  readonly id: number;
}

/** Answers in a row that failed before a word was heard, after which the call ends. */
const MAX_FAILED_ANSWERS = 2;
/** Frames between two captions of how far the tutor has been heard: 300 ms. */
const PROGRESS_FRAMES = 15;

/** Streaming speech to text, turn-taking, streaming tutor, streaming text to speech. */
export class PipelineConversation implements Conversation {
  readonly #options: PipelineOptions;
  readonly #ear: Ear;
  readonly #book: TurnBook;
  #turns: TurnState;
  #current: CurrentAnswer | undefined;
  #memory: TutorMemory | undefined;
  #rate = 1;
  #phase: CallPhase = 'connecting';
  #timer: Timer | undefined;
  #suspended = true;
  #closed = false;
  #failedAnswers = 0;
  #finalTranscriptMs: number | undefined;
  #framesSinceProgress = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#memory = options.memory;
    this.#ear = new Ear({
      engine: options.speechToText,
      language: options.language,
      clock: options.clock,
      log: options.log,
      onEvent: (event) => this.#onTranscription(event),
      onFailed: (error) => this.#onEarFailed(error),
    });
    this.#book = new TurnBook({
      transcript: options.transcript,
      engines: { stt: options.speechToText.name, tutor: options.tutor.name, tts: options.textToSpeech.name },
      talkedMs: options.talkedMs,
      listener: options.listener,
      metrics: options.metrics,
      log: options.log,
    });
    this.#turns = startTurnTaking({
      language: options.language,
      settings: options.settings,
      atMs: options.clock.monotonicMs(),
    });
    options.speaker.pause();
  }

  get phase(): CallPhase {
    return this.#phase;
  }

  start(): void {
    this.#ear.start();
    if (this.#options.transcript.next === 0) this.#take({ type: 'greet', atMs: this.#now() });
  }

  resume(): void {
    if (this.#closed || !this.#suspended) return;
    this.#suspended = false;
    if (this.#turns.tutor.status !== 'held') this.#options.speaker.resume();
    this.#take({ type: 'connection_back', atMs: this.#now() });
  }

  suspend(): void {
    if (this.#suspended) return;
    this.#suspended = true;
    this.#timer?.cancel();
    this.#options.speaker.pause();
    this.#ear.endUtterance();
    this.#setPhase('reconnecting');
  }

  hear(frame: Int16Array): void {
    this.#ear.write(frame);
    if (this.#turns.tutor.status !== 'speaking' || ++this.#framesSinceProgress < PROGRESS_FRAMES) return;
    this.#framesSinceProgress = 0;
    if (this.#current) this.#book.showTutorTurn(this.#current);
  }

  voice(activity: VoiceActivity): void {
    if (this.#closed || this.#suspended) return;
    if (activity.type === 'speech_started') {
      this.#finalTranscriptMs = undefined;
      this.#ear.startUtterance(activity.prefixMs);
    } else this.#ear.endUtterance();
    this.#take(activity);
  }

  captions(): readonly Caption[] {
    return this.#options.transcript.captions();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#ear.close();
    if (this.#current) this.#stopAnswer(this.#current, this.#current.answer.audible);
    this.#current = undefined;
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #take(event: TurnEvent): void {
    if (this.#closed) return;
    const { state, effects } = takeTurn(this.#turns, event);
    this.#turns = state;
    for (const effect of effects) this.#run(effect);
    if (this.#closed) return;
    this.#showPhase();
    this.#plan(event.atMs);
  }

  /** One timer, for the next rule that time alone will fire. */
  #plan(atMs: number): void {
    this.#timer?.cancel();
    if (this.#suspended) return;
    const deadlineMs = nextDeadlineMs(this.#turns, atMs);
    if (deadlineMs === undefined) return;
    const delayMs = Math.max(0, deadlineMs - this.#now());
    // The timer may fire a fraction early: the event then says the time it was set for.
    this.#timer = this.#options.clock.after(delayMs, () =>
      this.#take({ type: 'time_passed', atMs: Math.max(deadlineMs, this.#now()) }),
    );
  }

  #run(effect: TurnEffect): void {
    const { metrics, speaker, listener } = this.#options;
    switch (effect.type) {
      case 'answer':
        this.#answer(effect);
        break;
      case 'hold_answer':
        speaker.pause();
        break;
      case 'resume_answer':
        metrics.interruptions.inc({ kind: 'false_interruption' });
        if (!this.#suspended) speaker.resume();
        break;
      case 'cancel_answer':
        metrics.interruptions.inc({ kind: effect.because });
        if (this.#current?.id === effect.answer) this.#cancelAnswer(this.#current, effect.because);
        break;
      case 'drop_words':
        if (effect.because === 'backchannel') metrics.interruptions.inc({ kind: 'backchannel' });
        this.#book.showLearner('');
        break;
      case 'end_idle':
        listener.onOver('idle');
        break;
      default:
        effect satisfies never;
    }
  }

  #answer(effect: TurnEffect & { type: 'answer' }): void {
    const { transcript, clock, tutor, textToSpeech, speaker, language, level, instructions } = this.#options;
    const now = this.#now();
    const history = transcript.history();
    const answer = new Answer({
      request: {
        occasion: effect.occasion,
        heard: effect.text,
        history,
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
      listener: this.#answerListener(() => current),
    });
    const current: CurrentAnswer = {
      id: effect.answer,
      answer,
      learnerTurn:
        effect.occasion === 'turn'
          ? this.#book.keepLearnerTurn({
              text: effect.text,
              voicedMs: effect.voicedMs,
              silentForMs: now - effect.speechEndedMs,
            })
          : undefined,
      ordinal: undefined,
      startedAtMs: this.#options.talkedMs(),
      speechEndedMs: effect.speechEndedMs,
      stages: {},
    };
    this.#current = current;
    this.#book.mark(current, 'endpoint', now);
    if (this.#finalTranscriptMs !== undefined) this.#book.mark(current, 'final_transcript', this.#finalTranscriptMs);
    answer.start();
  }

  #answerListener(current: () => CurrentAnswer): AnswerListener {
    return {
      onStage: (stage, atMs) => this.#book.mark(current(), stage, atMs),
      onAssessment: ({ words }) => this.#book.assess(current(), words),
      onPace: (rate) => {
        this.#rate = rate;
      },
      onText: () => this.#book.showTutorTurn(current()),
      onAudible: () => this.#onAudible(current()),
      onFinished: () => this.#onFinished(current()),
      onFailed: (error) => this.#onAnswerFailed(current(), error),
    };
  }

  #onAudible(current: CurrentAnswer): void {
    if (this.#current !== current) return;
    this.#failedAnswers = 0;
    this.#book.openTutorTurn(current);
    this.#take({ type: 'answer_audible', answer: current.id, atMs: this.#now() });
  }

  #onFinished(current: CurrentAnswer): void {
    if (this.#current !== current) return;
    this.#current = undefined;
    const { audible, endsCall } = current.answer;
    this.#adoptMemory(current);
    this.#book.closeTutorTurn(current, false);
    this.#take({ type: 'answer_finished', answer: current.id, atMs: this.#now() });
    if (endsCall) this.#options.listener.onOver('lesson_over');
    else if (!audible && this.#failedAnswers >= MAX_FAILED_ANSWERS) this.#options.listener.onOver('engine_failed');
  }

  #onAnswerFailed(current: CurrentAnswer, error: unknown): void {
    if (this.#current !== current) return;
    this.#failedAnswers += 1;
    const { code } = toAppError(error);
    this.#options.log.warn({ err: error, code }, 'An answer failed');
    this.#options.listener.onNotice({ code, message: 'The tutor could not answer. Say it again, please.' });
  }

  #onEarFailed(error: EngineError): void {
    if (this.#closed) return;
    this.#options.log.error({ err: error }, 'The engine that hears is lost');
    this.#options.listener.onNotice({ code: error.code, message: 'Speech recognition is not working right now.' });
    this.#options.listener.onOver('engine_failed');
  }

  #cancelAnswer(current: CurrentAnswer, because: 'interrupted' | 'continued'): void {
    this.#current = undefined;
    this.#stopAnswer(current, because === 'interrupted' && current.answer.audible);
    if (because === 'continued' && current.learnerTurn) this.#book.reopen(current.learnerTurn);
    if (!this.#suspended) this.#options.speaker.resume();
  }

  /** Stops the sound; an answer that was heard in part stays as far as it was heard. */
  #stopAnswer(current: CurrentAnswer, keep: boolean): void {
    current.answer.cancel();
    if (!keep) return;
    this.#adoptMemory(current);
    this.#book.closeTutorTurn(current, true);
  }

  #adoptMemory(current: CurrentAnswer): void {
    const { memory, audible } = current.answer;
    if (!memory || !audible) return;
    this.#memory = memory;
    this.#options.listener.onMemory(memory);
  }

  #onTranscription(event: Exclude<TranscriptionEvent, { type: 'error' }>): void {
    if (this.#closed || this.#suspended) return;
    const atMs = this.#now();
    if (event.type === 'final') this.#finalTranscriptMs = atMs;
    this.#take({ ...event, atMs });
    const text = unansweredText(this.#turns.words);
    if (text !== '' && this.#turns.tutor.status !== 'speaking') this.#book.showLearner(text);
  }

  #showPhase(): void {
    if (this.#suspended) return;
    const { learner, tutor, words } = this.#turns;
    if (tutor.status === 'speaking') this.#setPhase('speaking');
    else if (learner.status === 'speaking') this.#setPhase('hearing');
    else if (tutor.status === 'preparing' || unansweredText(words) !== '') this.#setPhase('thinking');
    else this.#setPhase('listening');
  }

  #setPhase(phase: CallPhase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#options.listener.onPhase(phase);
  }
}
