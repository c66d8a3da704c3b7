import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import {
  EngineError,
  type Language,
  type Level,
  type SpeechToSpeech,
  type SpeechToSpeechEvent,
  type SpeechToSpeechSession,
} from '../../speech/engine.ts';
import type { CallPhase, Caption } from '../protocol.ts';
import type { CallMetrics } from './call-metrics.ts';
import type { Conversation, ConversationListener, VoiceActivity } from './conversation.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { takeDialogue } from './dialogue.ts';
import {
  type DialogueEffect,
  type DialogueEvent,
  type DialogueState,
  nextDialogueDeadlineMs,
  startDialogue,
} from './dialogue-state.ts';
import { EngineVoice } from './engine-voice.ts';
import { LearnerSide, type LeftBehind } from './learner-side.ts';
import type { Transcript } from './transcript.ts';
import { TurnBook } from './turn-book.ts';
import type { TurnSettings } from './turn-settings.ts';
import type { VoiceOutput } from './voice-output.ts';

export interface SpeechToSpeechConversationOptions {
  readonly speechToSpeech: SpeechToSpeech;
  readonly speaker: VoiceOutput;
  readonly transcript: Transcript;
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
  /** The engine is lost; this conversation has ended, the call has not. */
  readonly onFailed: (error: EngineError, left: LeftBehind) => void;
}

/** One engine hears, thinks and speaks. This class carries events to the rules of `dialogue` and runs their effects. */
export class SpeechToSpeechConversation implements Conversation {
  readonly #options: SpeechToSpeechConversationOptions;
  readonly #abort = new AbortController();
  readonly #book: TurnBook;
  readonly #voice: EngineVoice;
  readonly #learner: LearnerSide;
  readonly #deadline: DeadlineTimer;
  #session: SpeechToSpeechSession | undefined;
  #dialogue: DialogueState;
  #endsCall = false;
  #phase: CallPhase = 'connecting';
  #suspended = true;

  constructor(options: SpeechToSpeechConversationOptions) {
    const { speechToSpeech, clock, settings } = options;
    this.#options = options;
    const engines = { s2s: speechToSpeech.name };
    this.#book = new TurnBook({ ...options, engines: () => ({ learner: engines, tutor: engines }) });
    this.#learner = new LearnerSide(this.#book, options.transcript);
    this.#voice = new EngineVoice({
      ...options,
      sampleRate: speechToSpeech.sampleRate,
      book: this.#book,
      onAudible: (answerId) => {
        this.#learner.understood();
        this.#take({ type: 'answer_audible', answerId, atMs: this.#now() });
      },
      onOver: (answerId, more) => this.#onAnswerOver(answerId, more),
      onStop: (answerId, playedMs) => this.#session?.interrupt(answerId, playedMs),
    });
    this.#deadline = new DeadlineTimer(clock, (atMs) => this.#take({ type: 'time_passed', atMs }));
    this.#dialogue = startDialogue(settings, clock.monotonicMs());
  }

  get phase(): CallPhase {
    return this.#phase;
  }

  start(): void {
    if (this.#session || this.#closed) return;
    const { speechToSpeech, language, level, instructions, transcript } = this.#options;
    const { signal } = this.#abort;
    const history = transcript.history();
    this.#session = speechToSpeech.open({ language, level, instructions, history, signal });
    void this.#listen(this.#session);
    if (transcript.next === 0) this.#ask('greeting');
  }

  resume(): void {
    if (this.#closed || !this.#suspended) return;
    this.#suspended = false;
    this.#voice.setSuspended(false);
    this.#take({ type: 'connection_back', atMs: this.#now() });
  }

  suspend(): void {
    if (this.#suspended) return;
    this.#suspended = true;
    this.#deadline.cancel();
    this.#voice.setSuspended(true);
    this.#setPhase('reconnecting');
  }

  hear(frame: Int16Array): void {
    this.#session?.write(frame);
    this.#learner.hear(frame);
    if (this.#dialogue.tutor.status === 'speaking') this.#voice.showProgress();
  }

  voice(activity: VoiceActivity): void {
    if (this.#closed || this.#suspended) return;
    this.#learner.voice(activity);
    const { type, atMs } = activity;
    if (type === 'speech_started') this.#take({ type: 'voice_started', voicedSinceMs: activity.voicedSinceMs, atMs });
    else if (type === 'speech_stopped') {
      this.#take({ type: 'voice_stopped', silentSinceMs: activity.silentSinceMs, atMs });
    }
  }

  captions(): readonly Caption[] {
    return this.#options.transcript.captions();
  }

  close(): void {
    if (this.#closed) return;
    this.#abort.abort();
    this.#deadline.cancel();
    this.#session?.close();
    this.#voice.drop();
  }

  get #closed(): boolean {
    return this.#abort.signal.aborted;
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  async #listen(session: SpeechToSpeechSession): Promise<void> {
    try {
      for await (const event of session.events) {
        if (this.#closed) return;
        if (event.type === 'error') return this.#fail(event.error);
        this.#receive(event);
      }
      this.#fail(this.#lost());
    } catch (error) {
      this.#fail(this.#lost(error));
    }
  }

  #receive(event: Exclude<SpeechToSpeechEvent, { type: 'error' }>): void {
    const atMs = this.#now();
    switch (event.type) {
      case 'speech_started':
        this.#learner.engineHearsVoice();
        this.#take({ type: 'engine_voice_started', atMs });
        break;
      case 'speech_stopped':
        this.#take({ type: 'engine_voice_stopped', atMs });
        break;
      case 'heard':
        this.#hearWords(event.text, event.final, atMs);
        break;
      case 'answer_started':
        this.#take({ type: 'answer_started', atMs });
        this.#beginAnswer(event.answerId);
        break;
      case 'audio':
      case 'text':
      case 'answer_finished':
        this.#take({ type: 'engine_sign', atMs });
        this.#voice.receive(event);
        break;
      case 'end_call':
        this.#endsCall = true;
        if (this.#voice.quiet) this.#options.listener.onOver('lesson_over');
        break;
      case 'usage':
      case 'transcribed':
        break;
      default:
        event satisfies never;
    }
  }

  #hearWords(text: string, final: boolean, atMs: number): void {
    const late = this.#learner.words(text, final, this.#dialogue.tutor.status !== 'speaking');
    this.#take(late ? { type: 'engine_sign', atMs } : { type: 'heard', text, atMs });
  }

  #beginAnswer(answerId: string): void {
    const speechEndedMs = this.#learner.turnEndedMs(this.#now());
    const turn = this.#voice.begin(answerId, speechEndedMs);
    if (speechEndedMs !== undefined) this.#learner.answeredBy(turn, speechEndedMs);
  }

  #onAnswerOver(answerId: string, more: boolean): void {
    this.#take({ type: 'answer_over', answerId, more, atMs: this.#now() });
    if (this.#endsCall && !more && !this.#closed) this.#options.listener.onOver('lesson_over');
  }

  #ask(occasion: 'greeting' | 'away'): void {
    this.#session?.greet(occasion);
    this.#take({ type: 'asked', atMs: this.#now() });
  }

  #take(event: DialogueEvent): void {
    if (this.#closed) return;
    const { state, effects } = takeDialogue(this.#dialogue, event);
    this.#dialogue = state;
    for (const effect of effects) this.#run(effect);
    if (this.#closed) return;
    this.#showPhase();
    this.#deadline.set(this.#suspended ? undefined : nextDialogueDeadlineMs(this.#dialogue, event.atMs));
  }

  #run(effect: DialogueEffect): void {
    const { metrics, listener } = this.#options;
    switch (effect.type) {
      case 'hold':
        this.#voice.hold();
        break;
      case 'go_on':
        metrics.interruptions.inc({ kind: 'false_interruption' });
        this.#voice.goOn();
        break;
      case 'interrupt':
        metrics.interruptions.inc({ kind: 'interrupted' });
        this.#voice.interrupt(effect.voicedSinceMs);
        break;
      case 'ask_away':
        this.#ask('away');
        break;
      case 'end_idle':
        listener.onOver('idle');
        break;
      case 'engine_lost':
        this.#fail(this.#lost());
        break;
      default:
        effect satisfies never;
    }
  }

  #fail(error: EngineError): void {
    if (this.#closed) return;
    const { log, onFailed } = this.#options;
    log.warn({ err: error }, 'The engine that carried the call is lost');
    this.close();
    onFailed(error, this.#learner.leaveBehind());
  }

  #lost(cause?: unknown): EngineError {
    return new EngineError({
      engine: this.#options.speechToSpeech.name,
      code: 'engine_failed',
      message: 'The engine does not answer any more.',
      retryable: true,
      cause,
    });
  }

  #showPhase(): void {
    if (this.#suspended) return;
    const { tutor, learner, engine } = this.#dialogue;
    if (tutor.status === 'speaking' || tutor.status === 'held') this.#setPhase('speaking');
    else if (learner.status === 'speaking' || engine.hears) this.#setPhase('hearing');
    else this.#setPhase(tutor.status === 'thinking' ? 'thinking' : 'listening');
  }

  #setPhase(phase: CallPhase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#options.listener.onPhase(phase);
  }
}
