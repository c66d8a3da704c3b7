const RATE = 24_000;
/** A window of 20 ms is speech from this level on: −36 dB of full scale. */
const SPEECH_RMS = 500;
const WINDOW = (RATE * 20) / 1_000;
const WINDOWS_TO_START = 3;

export type Detected =
  | { readonly type: 'started'; readonly atMs: number }
  | { readonly type: 'stopped'; readonly atMs: number };

/** Voice activity by energy. Its only clock is the audio. */
export class EnergyDetector {
  readonly #silenceMs: number;
  #sum = 0;
  #count = 0;
  #heardMs = 0;
  #loudWindows = 0;
  #quietMs = 0;
  #speaking = false;

  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  push(samples: Int16Array): Detected | undefined {
    let detected: Detected | undefined;
    for (const sample of samples) {
      this.#sum += sample * sample;
      if (++this.#count < WINDOW) continue;
      detected = this.#window(Math.sqrt(this.#sum / WINDOW) > SPEECH_RMS) ?? detected;
      this.#sum = this.#count = 0;
    }
    return detected;
  }

  #window(loud: boolean): Detected | undefined {
    this.#heardMs += 20;
    this.#loudWindows = loud ? this.#loudWindows + 1 : 0;
    this.#quietMs = loud ? 0 : this.#quietMs + 20;
    if (!this.#speaking && this.#loudWindows >= WINDOWS_TO_START) {
      this.#speaking = true;
      return { type: 'started', atMs: this.#heardMs - WINDOWS_TO_START * 20 };
    }
    if (this.#speaking && this.#quietMs >= this.#silenceMs) {
      this.#speaking = false;
      return { type: 'stopped', atMs: this.#heardMs };
    }
    return undefined;
  }
}
