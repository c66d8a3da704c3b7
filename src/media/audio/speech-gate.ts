import type { VoiceEvent, VoiceSettings } from './voice-types.ts';

/** Silero's window at 16 kHz: 32 ms. */
export const WINDOW_SAMPLES = 512;

const SAMPLES_PER_MS = 16;

/**
 * From a probability for each window to where speech starts and stops: two thresholds, and a time that each
 * must last. Pure.
 */
export class SpeechGate {
  readonly #startThreshold: number;
  readonly #stopThreshold: number;
  readonly #startWindows: number;
  readonly #stopWindows: number;
  readonly #paddingSamples: number;
  #speaking = false;
  /** Windows in a row that speak for a change, and where the first of them begins. */
  #run = 0;
  #runStart = 0;

  constructor({
    startThreshold = 0.5,
    stopThreshold = 0.35,
    startAfterMs = 60,
    stopAfterMs = 100,
    paddingMs = 300,
  }: VoiceSettings = {}) {
    this.#startThreshold = startThreshold;
    this.#stopThreshold = stopThreshold;
    this.#startWindows = windows(startAfterMs);
    this.#stopWindows = windows(stopAfterMs);
    this.#paddingSamples = paddingMs * SAMPLES_PER_MS;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /**
   * One window's probability. `start` is the place of its first sample, `written` how many samples have been
   * written to the stream by now.
   */
  push(probability: number, start: number, written: number): VoiceEvent | undefined {
    const forChange = this.#speaking ? probability < this.#stopThreshold : probability >= this.#startThreshold;
    if (!forChange) {
      const resumed = this.#speaking && this.#run > 0;
      this.#run = 0;
      return resumed ? { type: 'speech_resumed', atSample: start } : undefined;
    }
    if (this.#run++ === 0) this.#runStart = start;
    if (this.#run < (this.#speaking ? this.#stopWindows : this.#startWindows)) {
      return this.#speaking && this.#run === 1 ? { type: 'speech_paused', atSample: this.#runStart } : undefined;
    }

    this.#run = 0;
    this.#speaking = !this.#speaking;
    const atSample = this.#runStart;
    if (!this.#speaking) return { type: 'speech_stopped', atSample };
    return {
      type: 'speech_started',
      atSample,
      prefixSamples: Math.min(written, written - atSample + this.#paddingSamples),
    };
  }
}

function windows(ms: number): number {
  return Math.max(1, Math.round((ms * SAMPLES_PER_MS) / WINDOW_SAMPLES));
}
