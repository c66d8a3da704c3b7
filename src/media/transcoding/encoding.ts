import { type FfmpegProcess, startFfmpeg } from './ffmpeg-process.ts';
import { transcoderUnavailable } from './transcoding-errors.ts';
import { ENCODER_LIMITS } from './transcoding-limits.ts';

export interface EncodingOptions {
  /** Hz, mono. */
  readonly sampleRate: number;
  /** Bits a second. */
  readonly bitrate: number;
  readonly ffmpegBin: string;
}

/** PCM on its way to MP3 frames that can each be decoded by themselves: no bit reservoir, no header of the whole. */
export class Encoding {
  readonly #process: FfmpegProcess;
  #closed = false;

  constructor({ sampleRate, bitrate, ffmpegBin }: EncodingOptions) {
    this.#process = startFfmpeg({
      ffmpegBin,
      input: `-probesize 32 -analyzeduration 0 -f s16le -ar ${sampleRate} -ac 1`,
      output:
        `-c:a libmp3lame -b:a ${bitrate} -reservoir 0 -compression_level 7 ` +
        '-write_xing 0 -id3v2_version 0 -map_metadata -1 -f mp3',
      limits: ENCODER_LIMITS,
    });
  }

  /** Resolves when there is room for more. The array may be used again after that. */
  async write(samples: Int16Array): Promise<void> {
    if (this.#closed) return;
    // The pipe keeps what it is given until it is sent.
    await this.#process.write(Buffer.from(new Int16Array(samples).buffer));
  }

  /** Nothing more will be written: what is still inside comes out. Idempotent. */
  end(): void {
    this.#process.endInput();
  }

  /** As they are made. To be read once. Ends after `close()`. @throws AppError `transcoder_unavailable` */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of this.#process.output as AsyncIterable<Buffer>) {
        if (this.#closed) return;
        yield chunk;
      }
      const end = await this.#process.ended;
      if (!this.#closed && end.type !== 'done') throw transcoderUnavailable('cause' in end ? end.cause : undefined);
    } finally {
      void this.close();
    }
  }

  /** Kills the process; resolves when it is gone. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#process.kill();
    await this.#process.ended;
  }
}
