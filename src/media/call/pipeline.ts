import type { Clock } from '../../platform/clock.ts';
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
import { apologies } from './apologies.ts';
import type { CallMetrics } from './call-metrics.ts';
import type { Conversation, ConversationListener, VoiceActivity } from './conversation.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { Ear } from './ear.ts';
import type { Transcript } from './transcript.ts';
import { TurnBook } from './turn-book.ts';
import type { TurnSettings } from './turn-settings.ts';
import { nextDeadlineMs, startTurnTaking, type TurnEffect, type TurnEvent, type TurnState } from './turn-state.ts';
import { takeTurn } from './turn-taking.ts';
import { TutorSide } from './tutor-side.ts';
import { unansweredText } from './unanswered-words.ts';

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

/**
 * Streaming speech to text, turn-taking, streaming tutor, streaming text to speech. This class carries events to
 * the rules of `turn-taking` and runs their effects; what is said and by whom stands in the ear and the tutor's side.
 */
export class PipelineConversation implements Conversation {
  readonly #options: PipelineOptions;
  readonly #ear: Ear;
  readonly #tutor: TutorSide;
  readonly #book: TurnBook;
  readonly #deadline: DeadlineTimer;
  #turns: TurnState;
  #phase: CallPhase = 'connecting';
  #suspended = true;
  #closed = false;
  /** Nothing hears any more: the tutor has the last word. */
  #deaf = false;

  constructor(options: PipelineOptions) {
    const { speechToText, tutor, textToSpeech, language, clock, log, settings } = options;
    this.#options = options;
    this.#ear = new Ear({
      engine: speechToText,
      language,
      clock,
      log,
      onEvent: (event) => this.#onTranscription(event),
      onFailed: (error) => this.#onEarFailed(error),
    });
    this.#book = new TurnBook({
      ...options,
      engines: () => ({
        learner: { stt: speechToText.name },
        tutor: { tutor: tutor.name, tts: textToSpeech.name },
      }),
    });
    this.#tutor = new TutorSide({
      ...options,
      book: this.#book,
      onAudible: (answer) => this.#take({ type: 'answer_audible', answer, atMs: this.#now() }),
      onFinished: (answer) => this.#take({ type: 'answer_finished', answer, atMs: this.#now() }),
    });
    this.#deadline = new DeadlineTimer(clock, (atMs) => this.#take({ type: 'time_passed', atMs }));
    this.#turns = startTurnTaking({ language, settings, atMs: clock.monotonicMs() });
  }

  get phase(): CallPhase {
    return this.#phase;
  }

  start(): void {
    this.#ear.start();
    if (this.#options.transcript.next === 0) this.#take({ type: 'greet', atMs: this.#now() });
  }

  /**
   * Goes on with a call that another conversation could not go on with: answers the words that it left unanswered, if there are
   * any; else says that something went wrong, unless the learner is speaking.
   */
  takeOver({ unanswered, speaking }: { readonly unanswered: string; readonly speaking: boolean }): void {
    this.#ear.start();
    const atMs = this.#now();
    if (unanswered !== '') this.#take({ type: 'final', text: unanswered, atMs });
    else if (!speaking) {
      this.#tutor.prescribe(apologies.lostLine[this.#options.language]);
      this.#take({ type: 'greet', atMs });
    }
  }

  resume(): void {
    if (this.#closed || !this.#suspended) return;
    this.#suspended = false;
    this.#tutor.resume();
    if (this.#deaf) this.#setPhase('speaking');
    this.#take({ type: 'connection_back', atMs: this.#now() });
  }

  suspend(): void {
    if (this.#suspended) return;
    this.#suspended = true;
    this.#deadline.cancel();
    this.#tutor.suspend();
    this.#ear.endUtterance();
    this.#setPhase('reconnecting');
  }

  hear(frame: Int16Array): void {
    this.#ear.write(frame);
    if (this.#turns.tutor.status === 'speaking') this.#tutor.showProgress();
  }

  voice(activity: VoiceActivity): void {
    if (this.#closed || this.#suspended) return;
    if (activity.type === 'speech_started') {
      this.#book.openLearnerTurn();
      this.#ear.startUtterance(activity.prefixMs);
    } else if (activity.type === 'speech_stopped') this.#ear.endUtterance();
    this.#take(activity);
  }

  captions(): readonly Caption[] {
    return this.#options.transcript.captions();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadline.cancel();
    this.#ear.close();
    this.#tutor.close();
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #take(event: TurnEvent): void {
    if (this.#closed || this.#deaf) return;
    const { state, effects } = takeTurn(this.#turns, event);
    this.#turns = state;
    for (const effect of effects) this.#run(effect);
    if (this.#closed) return;
    this.#showPhase();
    this.#deadline.set(this.#suspended ? undefined : nextDeadlineMs(this.#turns, event.atMs));
  }

  #run(effect: TurnEffect): void {
    const { metrics, listener } = this.#options;
    switch (effect.type) {
      case 'speculate':
        this.#tutor.speculate(effect);
        break;
      case 'drop_speculation':
        this.#tutor.dropSpeculation();
        break;
      case 'answer':
        this.#tutor.answer(effect);
        break;
      case 'hold_answer':
        this.#tutor.hold(effect.voicedSinceMs);
        break;
      case 'resume_answer':
        metrics.interruptions.inc({ kind: 'false_interruption' });
        this.#tutor.goOn();
        break;
      case 'cancel_answer':
        metrics.interruptions.inc({ kind: effect.because });
        this.#tutor.cancel(effect);
        break;
      case 'drop_words':
        if (effect.because === 'backchannel') metrics.interruptions.inc({ kind: 'backchannel' });
        this.#book.showLearner('');
        break;
      case 'split_utterance':
        this.#ear.endUtterance();
        this.#ear.startUtterance(0);
        break;
      case 'end_idle':
        listener.onOver('idle');
        break;
      default:
        effect satisfies never;
    }
  }

  #onTranscription(event: Exclude<TranscriptionEvent, { type: 'error' }>): void {
    // What was said before an outage is understood while it lasts.
    if (this.#closed || (this.#suspended && event.type !== 'final')) return;
    if (event.type === 'final') this.#book.finalTranscript();
    this.#take({ ...event, atMs: this.#now() });
    const text = unansweredText(this.#turns.words);
    if (text !== '' && this.#turns.tutor.status !== 'speaking') this.#book.showLearner(text);
  }

  #onEarFailed(error: EngineError): void {
    if (this.#closed) return;
    const { listener, log } = this.#options;
    log.error({ err: error }, 'The engine that hears is lost');
    listener.onNotice({ code: error.code, message: 'Speech recognition is not working right now.' });
    this.#deadline.cancel();
    this.#deaf = true;
    if (!this.#suspended) this.#setPhase('speaking');
    this.#tutor.giveUp(apologies.deaf[this.#options.language]);
  }

  #showPhase(): void {
    if (this.#suspended) return;
    const { learner, tutor, words } = this.#turns;
    if (tutor.status === 'speaking') this.#setPhase('speaking');
    else if (learner.status === 'speaking') this.#setPhase('hearing');
    else if (tutor.status !== 'quiet' || unansweredText(words) !== '') this.#setPhase('thinking');
    else this.#setPhase('listening');
  }

  #setPhase(phase: CallPhase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#options.listener.onPhase(phase);
  }
}
