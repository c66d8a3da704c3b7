/** How loud a voice is now, and where: all 0…1, ready to draw. */
export interface VoiceLevel {
  readonly level: number;
  /** Up to about 400 Hz: the voice's pitch. */
  readonly low: number;
  /** To about 1.6 kHz: vowels. */
  readonly middle: number;
  /** To about 6 kHz: consonants. */
  readonly high: number;
}

export type Voice = 'learner' | 'tutor';

const SILENCE: VoiceLevel = { level: 0, low: 0, middle: 0, high: 0 };

interface Listening {
  readonly source: MediaStreamAudioSourceNode;
  readonly analyser: AnalyserNode;
  readonly samples: Float32Array<ArrayBuffer>;
  readonly spectrum: Uint8Array<ArrayBuffer>;
}

/**
 * Measures both voices with the Web Audio API. Plays nothing: the tutor's sound goes through an <audio> element.
 * Make it in a click, else the browser keeps it suspended.
 */
export class VoiceLevels {
  readonly #context: AudioContext;
  readonly #listening = new Map<Voice, Listening>();

  constructor() {
    this.#context = new AudioContext({ latencyHint: 'interactive' });
  }

  resume(): void {
    // Refused without a gesture: the levels stay at rest, the call does not depend on them.
    if (this.#context.state === 'suspended') this.#context.resume().catch(() => undefined);
  }

  listen(voice: Voice, stream: MediaStream): void {
    this.#listening.get(voice)?.source.disconnect();
    const source = this.#context.createMediaStreamSource(stream);
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    analyser.smoothingTimeConstant = 0.6;
    source.connect(analyser);
    this.#listening.set(voice, {
      source,
      analyser,
      samples: new Float32Array(analyser.fftSize),
      spectrum: new Uint8Array(analyser.frequencyBinCount),
    });
  }

  read(voice: Voice): VoiceLevel {
    const listening = this.#listening.get(voice);
    if (!listening || this.#context.state !== 'running') return SILENCE;
    const { analyser, samples, spectrum } = listening;
    analyser.getFloatTimeDomainData(samples);
    let energy = 0;
    for (const sample of samples) energy += sample * sample;
    const decibels = 10 * Math.log10(energy / samples.length + 1e-10);
    analyser.getByteFrequencyData(spectrum);
    const hertzPerBin = this.#context.sampleRate / analyser.fftSize;
    const band = (fromHertz: number, toHertz: number): number => {
      const from = Math.floor(fromHertz / hertzPerBin);
      const to = Math.max(from + 1, Math.ceil(toHertz / hertzPerBin));
      let sum = 0;
      for (let bin = from; bin < to; bin += 1) sum += spectrum[bin] ?? 0;
      return sum / (to - from) / 255;
    };
    return {
      // Speech in a room lies between about -60 dBFS (nothing) and -15 dBFS (loud).
      level: Math.min(1, Math.max(0, (decibels + 60) / 45)),
      low: band(80, 400),
      middle: band(400, 1_600),
      high: band(1_600, 6_000),
    };
  }

  /** Idempotent. */
  close(): void {
    for (const { source } of this.#listening.values()) source.disconnect();
    this.#listening.clear();
    if (this.#context.state !== 'closed') this.#context.close().catch(() => undefined);
  }
}
