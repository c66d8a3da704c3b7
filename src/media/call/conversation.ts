import type { TutorMemory } from '../../speech/engine.ts';
import type { CallPhase, Caption, EndReason, TurnLatency } from '../protocol.ts';
import type { TurnRecord } from './ports.ts';

/** What the voice activity detector saw, on the monotonic clock. */
export type VoiceActivity =
  | {
      readonly type: 'speech_started';
      readonly atMs: number;
      readonly voicedSinceMs: number;
      /** How far before the last frame the utterance's sound should begin. */
      readonly prefixMs: number;
    }
  /** The first silence in speech; it may be its end, or `speech_resumed` follows. */
  | { readonly type: 'speech_paused' | 'speech_stopped'; readonly atMs: number; readonly silentSinceMs: number }
  | { readonly type: 'speech_resumed'; readonly atMs: number };

/**
 * What learner and tutor say to each other in one call, whatever engines are behind it. Two shapes stand behind this
 * interface: the pipeline (hear, think, speak) and speech to speech.
 */
export interface Conversation {
  /** Makes the greeting ready, so that it can be heard the moment `resume` is called. */
  start(): void;
  /** The media is connected, for the first time or again. */
  resume(): void;
  /** The media is gone: the tutor stops in mid-word and nobody is blamed for the silence. */
  suspend(): void;
  /** 320 samples, 16 kHz mono; one each 20 ms. The array is used again by the caller. */
  hear(frame: Int16Array): void;
  voice(activity: VoiceActivity): void;
  /** All turns so far, and the learner's unfinished words. */
  captions(): readonly Caption[];
  readonly phase: CallPhase;
  /** Ends all work and saves what was heard. Idempotent. */
  close(): void;
}

export interface ConversationListener {
  onPhase(phase: CallPhase): void;
  onCaption(caption: Caption): void;
  onLatency(latency: TurnLatency): void;
  onTurn(turn: TurnRecord): void;
  onMemory(memory: TutorMemory): void;
  onNotice(notice: { readonly code: string; readonly message: string }): void;
  onOver(reason: Extract<EndReason, 'lesson_over' | 'idle' | 'engine_failed'>): void;
}
