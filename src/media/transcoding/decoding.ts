import type { Clock, Timer } from '../../platform/clock.ts';
import type { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { type Container, DEMUXING, sniff, SNIFF_BYTES } from './containers.ts';
import { type FfmpegEnd, type FfmpegProcess, startFfmpeg } from './ffmpeg-process.ts';
import { Mp4Layout } from './mp4-layout.ts';
import { audioError, transcoderUnavailable } from './transcoding-errors.ts';
import { cpuSecondsOf, type DecodeLimits } from './transcoding-limits.ts';

export interface DecodingOptions {
  readonly container: Container | 'auto';
  readonly limits: DecodeLimits;
  readonly ffmpegBin: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const FRAME_SAMPLES = 320;
const SAMPLES_PER_MS = 16;

/** One stream of audio on its way to 16 kHz mono frames. Its first failure is its only one: for the writer and the reader. */
export class Decoding {
  readonly #options: DecodingOptions;
  readonly #started = Promise.withResolvers<FfmpegProcess | undefined>();
  #process: FfmpegProcess | undefined;
  #layout: Mp4Layout | undefined;
  #head: Buffer | undefined = Buffer.alloc(0);
  #failure: AppError | undefined;
  /** Runs while there is input that it should be working on. */
  #stall: Timer | undefined;
  #closed = false;
  #inputEnded = false;
  #bytes = 0;
  #samples = 0;

  constructor(options: DecodingOptions) {
    this.#options = options;
    // Who knows what comes need not wait for it.
    if (options.container !== 'auto') this.#start(options.container);
  }

  /** Milliseconds of sound that were read so far. */
  get decodedMs(): number {
    return this.#samples / SAMPLES_PER_MS;
  }

  /**
   * Any number of bytes; resolves when there is room for more. Ignored after `close()`.
   * @throws AppError: an `AudioProblem`, or `transcoder_unavailable`
   */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#closed || this.#inputEnded || chunk.length === 0) return;
    this.#bytes += chunk.length;
    const { maxBytes } = this.#options.limits;
    if (this.#bytes > maxBytes) throw this.#fail(audioError('audio_too_large', { max_bytes: maxBytes }));
    const bytes = this.#head ? this.#recognize(chunk) : chunk;
    if (bytes) await this.#feed(() => (this.#layout ? this.#layout.push(bytes) : [bytes]));
  }

  /** Nothing more will be written. Idempotent. */
  end(): void {
    if (this.#closed || this.#inputEnded || this.#failure) return;
    this.#inputEnded = true;
    if (this.#head) {
      this.#fail(audioError(this.#bytes === 0 ? 'audio_empty' : 'audio_format_unsupported'));
      return;
    }
    this.#feed(() => this.#layout?.end() ?? []).then(
      () => {
        this.#process?.endInput();
        this.#watch();
      },
      () => undefined,
    );
  }

  /**
   * 320 samples each, the last one filled up with silence; the reader owns them. To be read once. Ends after `close()`.
   * @throws AppError: an `AudioProblem`, or `transcoder_unavailable`
   */
  async *frames(): AsyncGenerator<Int16Array, void, undefined> {
    try {
      const process = await this.#started.promise;
      if (process) yield* this.#read(process);
      if (this.#failure) throw this.#failure;
    } finally {
      void this.close();
    }
  }

  /** Kills the process; resolves when it is gone. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stall?.cancel();
    this.#started.resolve(this.#process);
    this.#process?.kill();
    await this.#process?.ended;
  }

  async *#read(process: FfmpegProcess): AsyncGenerator<Int16Array, void, undefined> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of process.output as AsyncIterable<Buffer>) {
      if (this.#closed) return;
      // One that has worked on all that has come may wait for more as long as it likes.
      if (this.#stall) this.#watch();
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const frames = Math.floor(rest.length / (FRAME_SAMPLES * 2));
      for (let index = 0; index < frames; index++) {
        yield this.#frame(rest.subarray(index * FRAME_SAMPLES * 2, (index + 1) * FRAME_SAMPLES * 2));
        if (this.#failure || this.#closed) return;
      }
      rest = rest.subarray(frames * FRAME_SAMPLES * 2);
    }
    if (this.#closed || this.#failure) return;
    const end = await process.ended;
    this.#stall?.cancel();
    if (this.#closed || this.#failure) return;
    if (rest.length >= 2) yield this.#frame(rest);
    this.#judge(end);
  }

  #frame(bytes: Buffer): Int16Array {
    const { maxDurationMs } = this.#options.limits;
    const frame = new Int16Array(FRAME_SAMPLES);
    const samples = Math.floor(bytes.length / 2);
    new Uint8Array(frame.buffer).set(bytes.subarray(0, samples * 2));
    this.#samples += samples;
    if (this.decodedMs > maxDurationMs) this.#fail(audioError('audio_too_long', { max_seconds: maxDurationMs / 1000 }));
    return frame;
  }

  /** A file that breaks off is taken as far as it goes; one that gave nothing has failed. */
  #judge(end: FfmpegEnd): void {
    if (end.type === 'missing') this.#fail(transcoderUnavailable(end.cause));
    else if (end.type === 'killed') this.#fail(audioError('audio_too_costly'));
    else if (end.type === 'failed' && end.memory) this.#fail(audioError('audio_too_costly'));
    else if (this.#samples > 0) return;
    else if (end.type === 'failed' && end.trackMissing) this.#fail(audioError('audio_track_missing'));
    else this.#fail(audioError('audio_unreadable'));
  }

  /** The first bytes tell what it is. Returns what may go on; `undefined` while they are too few. */
  #recognize(chunk: Uint8Array): Uint8Array | undefined {
    const head = Buffer.concat([this.#head ?? Buffer.alloc(0), chunk]);
    const found = sniff(head.subarray(0, SNIFF_BYTES));
    if (found === 'more') {
      this.#head = head;
      return undefined;
    }
    if (found === undefined) throw this.#fail(audioError('audio_format_unsupported'));
    const { container } = this.#options;
    if (container !== 'auto' && container !== found)
      throw this.#fail(audioError('audio_container_mismatch', { found }));
    this.#head = undefined;
    if (found === 'mp4')
      this.#layout = new Mp4Layout(this.#options.limits.maxHeldBytes ?? this.#options.limits.maxBytes);
    this.#start(found);
    return head;
  }

  async #feed(take: () => readonly Uint8Array[]): Promise<void> {
    let parts: readonly Uint8Array[];
    try {
      parts = take();
    } catch (error) {
      throw this.#fail(error as AppError);
    }
    for (const part of parts) {
      this.#watch();
      await this.#process?.write(part);
      if (this.#failure) throw this.#failure;
    }
    if (this.#inputEnded) return;
    this.#stall?.cancel();
    this.#stall = undefined;
  }

  /** With input to work on, silence for long is a failure, unless it is the reader who does not read. */
  #watch(): void {
    this.#stall?.cancel();
    if (this.#closed || this.#failure) return;
    this.#stall = this.#options.clock.after(this.#options.limits.stallMs, () => {
      if (this.#process && this.#process.output.readableLength > 0) this.#watch();
      else this.#fail(audioError('audio_too_costly'));
    });
  }

  #start(container: Container): void {
    if (this.#process || this.#closed) return;
    const { limits, ffmpegBin } = this.#options;
    const { demuxer, decoders } = DEMUXING[container];
    this.#process = startFfmpeg({
      ffmpegBin,
      input:
        '-flags low_delay -probesize 4096 -analyzeduration 0 ' +
        `-codec_whitelist ${decoders} -format_whitelist ${demuxer} -f ${demuxer}`,
      output: '-map 0:a:0 -vn -sn -dn -map_metadata -1 -ac 1 -ar 16000 -f s16le',
      limits: { cpuSeconds: cpuSecondsOf(limits), memoryBytes: limits.memoryBytes },
    });
    this.#started.resolve(this.#process);
  }

  #fail(error: AppError): AppError {
    if (this.#failure) return this.#failure;
    this.#failure = error;
    this.#options.log.info({ code: error.code, bytes: this.#bytes, decodedMs: this.decodedMs }, 'Audio was refused');
    this.#stall?.cancel();
    this.#process?.kill();
    this.#started.resolve(this.#process);
    return error;
  }
}
