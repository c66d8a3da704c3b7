import type { EngineError } from '../../speech/engine.ts';
import type { CallPhase, Caption } from '../protocol.ts';
import type { Conversation, VoiceActivity } from './conversation.ts';
import type { PipelineConversation } from './pipeline.ts';
import type { LeftBehind } from './learner-side.ts';
import type { Transcript } from './transcript.ts';

export interface SwitchingConversationOptions {
  readonly transcript: Transcript;
  readonly createFirst: (onFailed: (error: EngineError, left: LeftBehind) => void) => Conversation;
  readonly createSecond: () => PipelineConversation;
  readonly onSwitched: (error: EngineError) => void;
}

/** Speech to speech until it fails; from then on the pipeline, with the same history and what was not answered. */
export class SwitchingConversation implements Conversation {
  readonly #options: SwitchingConversationOptions;
  #current: Conversation;
  #suspended = true;
  #closed = false;

  constructor(options: SwitchingConversationOptions) {
    this.#options = options;
    this.#current = options.createFirst((error, left) => this.#switch(error, left));
  }

  get phase(): CallPhase {
    return this.#current.phase;
  }

  start(): void {
    this.#current.start();
  }

  resume(): void {
    this.#suspended = false;
    this.#current.resume();
  }

  suspend(): void {
    this.#suspended = true;
    this.#current.suspend();
  }

  hear(frame: Int16Array): void {
    this.#current.hear(frame);
  }

  voice(activity: VoiceActivity): void {
    this.#current.voice(activity);
  }

  captions(): readonly Caption[] {
    return this.#current.captions();
  }

  close(): void {
    this.#closed = true;
    this.#current.close();
  }

  #switch(error: EngineError, { unanswered, voice }: LeftBehind): void {
    if (this.#closed) return;
    const { createSecond, onSwitched, transcript } = this.#options;
    onSwitched(error);
    const next = createSecond();
    this.#current = next;
    if (!this.#suspended) next.resume();
    // Nobody has said a word: the call begins now.
    if (transcript.next === 0 && unanswered === '' && !voice.pending) return next.start();
    next.takeOver({ unanswered, speaking: voice.pending });
    voice.replay(next);
  }
}
