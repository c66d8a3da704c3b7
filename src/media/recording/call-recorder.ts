import type { Logger } from '../../platform/log.ts';
import type { OpusCodec } from '../audio/opus-types.ts';
import type { SlotSound } from '../audio/slot-sound.ts';
import type { RecordingWriter } from './recording-store.ts';
import { StereoRecording } from './stereo-recording.ts';

/** Bytes that may wait for a slow disk; about two minutes of a call. */
const MAX_WAITING_BYTES = 1_024 * 1_024;

export interface CallRecorderOptions {
  readonly codec: OpusCodec;
  readonly writer: RecordingWriter;
  /** Nothing more is written. Called once. */
  readonly onFinished: (part: FinishedPart) => Promise<void>;
  readonly log: Logger;
}

export interface FinishedPart {
  readonly durationMs: number;
  readonly bytes: number;
  /** False: it broke off on the way. Null: all of it is written, and not yet where it belongs. */
  readonly complete: boolean | null;
}

/** One call's recording in the making. A store that fails costs the rest of the recording, never the call. */
export class CallRecorder {
  readonly #options: CallRecorderOptions;
  readonly #recording: StereoRecording;
  #writing: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #bytes = 0;
  readonly #broken = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(options: CallRecorderOptions) {
    this.#options = options;
    this.#recording = new StereoRecording({ codec: options.codec, write: (bytes) => this.#append(bytes) });
  }

  /** Aborted when the store has failed: nothing more is kept. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Each 20 ms, by the pacer: `nowMs` is the slot's own time. */
  advance(nowMs: number): void {
    if (!this.#failed) this.#recording.advance(nowMs);
  }

  /** What the learner heard from `atMs` on. */
  tutor(atMs: number, sound: SlotSound): void {
    if (!this.#failed) this.#recording.tutor(atMs, sound);
  }

  /** What the learner said from `atMs` on. */
  learner(atMs: number, sound: SlotSound): void {
    if (!this.#failed) this.#recording.learner(atMs, sound);
  }

  /** Resolves when the file is where it belongs, or kept for a recovery. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  get #failed(): boolean {
    return this.#broken.signal.aborted;
  }

  #append(bytes: Buffer): void {
    if (this.#failed) return;
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) return this.#fail(new Error('The store does not keep up'));
    this.#writing = this.#writing.then(async () => {
      if (this.#failed) return;
      try {
        await this.#options.writer.append(bytes);
        this.#bytes += bytes.length;
        this.#waitingBytes -= bytes.length;
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#broken.abort();
    this.#options.log.error({ err: error }, 'A recording broke off; the call goes on without it');
  }

  async #finish(): Promise<void> {
    const { writer, onFinished, log } = this.#options;
    this.#recording.close();
    await this.#writing;
    let isStored = false;
    try {
      isStored = (await writer.finish()) === 'stored';
    } catch (error) {
      this.#fail(error);
    }
    const { durationMs } = this.#recording;
    try {
      const complete = this.#failed ? false : isStored ? true : null;
      await onFinished({ durationMs, bytes: this.#bytes, complete });
    } catch (error) {
      log.error({ err: error }, 'The end of a recording could not be noted');
    }
  }
}
