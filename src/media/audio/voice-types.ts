/** Where a caller's speech starts and stops. Positions are samples at 16 kHz since the stream's first one. */
export type VoiceEvent =
  | {
      readonly type: 'speech_started';
      /** Where the speech began. */
      readonly atSample: number;
      /** How far before the end of the last frame written an utterance should begin: the speech so far and a padding. */
      readonly prefixSamples: number;
    }
  | {
      /** `speech_paused`: the first silence in speech, which may be its end; `speech_stopped` or `speech_resumed` follows. */
      readonly type: 'speech_paused' | 'speech_resumed' | 'speech_stopped';
      /** Where the silence, or the speech after a pause, began. */
      readonly atSample: number;
    };

export interface VoiceSettings {
  /** Probability from which a window is speech. Default 0.5. */
  readonly startThreshold?: number;
  /** Probability below which a window is silence again. Default 0.35. */
  readonly stopThreshold?: number;
  /** Speech that long makes a start. Default 60. Rounded to windows of 32 ms, as all times here. */
  readonly startAfterMs?: number;
  /** Silence that long makes a stop. Default 100. */
  readonly stopAfterMs?: number;
  /** Sound before the start that belongs to the utterance. Default 300. */
  readonly paddingMs?: number;
}

/** One caller's stream through a detector. */
export interface VoiceStream {
  /** 16 kHz mono, any length; copied. */
  write(samples: Int16Array): void;
  /** Of the last window, 0…1. */
  readonly probability: number;
  /** Between `speech_started` and `speech_stopped`. */
  readonly speaking: boolean;
  /** No event comes after it. Idempotent. */
  close(): void;
}

/** What the microphone needs of voice activity detection. */
export interface VoiceDetector {
  openStream(onVoice: (event: VoiceEvent) => void, settings?: VoiceSettings): VoiceStream;
}
