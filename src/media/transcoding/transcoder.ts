import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { Container } from './containers.ts';
import { Decoding } from './decoding.ts';
import { Encoding } from './encoding.ts';
import { transcoderUnavailable } from './transcoding-errors.ts';
import { type DecodeLimits, defaultDecodeLimits } from './transcoding-limits.ts';

/** Compressed audio to frames and back, by one ffmpeg a stream. */
export interface Transcoder {
  /** @throws AppError `transcoder_unavailable` when too many are at work, or the transcoder is closed */
  decode(options: DecodeOptions): AudioDecoder;
  /** @throws AppError `transcoder_unavailable` */
  encodeMp3(options: EncodeOptions): Mp3Encoder;
  /** Processes at work. */
  readonly size: number;
  /** Ends all streams; resolves when every process is gone. Idempotent. */
  close(): Promise<void>;
}

export interface DecodeOptions {
  /** `auto`: by its first bytes. A known one starts its process at once, before there are any. */
  readonly container: Container | 'auto';
  /** Aborting it is the same as `close()`. */
  readonly signal: AbortSignal;
  readonly limits?: Partial<DecodeLimits>;
}

export interface AudioDecoder {
  /**
   * Any number of bytes; resolves when there is room for more. Ignored after `end()` and `close()`.
   * @throws AppError: an `AudioProblem`, or `transcoder_unavailable`
   */
  write(chunk: Uint8Array): Promise<void>;
  end(): void;
  /** 320 samples each, 16 kHz mono; the reader owns them. To be read once. Throws what `write` throws. */
  readonly frames: AsyncIterable<Int16Array>;
  /** Milliseconds of sound that were read from `frames` so far. */
  readonly decodedMs: number;
  /** Resolves when the process is gone. Idempotent. */
  close(): Promise<void>;
}

export interface EncodeOptions {
  /** Hz, mono. */
  readonly sampleRate: number;
  readonly signal: AbortSignal;
  /** Bits a second. Default 48 000. */
  readonly bitrate?: number;
}

export interface Mp3Encoder {
  /** Any number of samples; resolves when there is room for more. Ignored after `end()` and `close()`. */
  write(samples: Int16Array): Promise<void>;
  /** What is still inside comes out. */
  end(): void;
  /** As they are made. To be read once. @throws AppError `transcoder_unavailable` */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Resolves when the process is gone. Idempotent. */
  close(): Promise<void>;
}

export interface TranscoderOptions {
  /** A name on the PATH, or a path. Default `ffmpeg`. */
  readonly ffmpegBin?: string | undefined;
  readonly log: Logger;
  readonly clock: Clock;
  /** Default 200. */
  readonly limits?: { readonly maxProcesses?: number };
}

const SPEECH_BITRATE = 48_000;

/** Does no I/O until something is to be converted. */
export function createTranscoder({ ffmpegBin = 'ffmpeg', log, clock, limits }: TranscoderOptions): Transcoder {
  const maxProcesses = limits?.maxProcesses ?? 200;
  const open = new Set<Decoding | Encoding>();
  let closed = false;

  function admit(): void {
    if (closed || open.size >= maxProcesses) throw transcoderUnavailable();
  }

  /** Keeps count of it until it is closed, by whomever. */
  function track(stream: Decoding | Encoding, signal: AbortSignal): () => Promise<void> {
    open.add(stream);
    const close = async (): Promise<void> => {
      signal.removeEventListener('abort', onAbort);
      await stream.close();
      open.delete(stream);
    };
    const onAbort = (): void => void close();
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    return close;
  }

  return {
    get size() {
      return open.size;
    },
    decode({ container, signal, limits: own }) {
      admit();
      const decoding = new Decoding({ container, limits: { ...defaultDecodeLimits, ...own }, ffmpegBin, clock, log });
      const close = track(decoding, signal);
      return {
        get decodedMs() {
          return decoding.decodedMs;
        },
        write: (chunk) => decoding.write(chunk),
        end: () => decoding.end(),
        frames: readThenClose(() => decoding.frames(), close),
        close,
      };
    },
    encodeMp3({ sampleRate, signal, bitrate = SPEECH_BITRATE }) {
      admit();
      const encoding = new Encoding({ sampleRate, bitrate, ffmpegBin });
      const close = track(encoding, signal);
      return {
        write: (samples) => encoding.write(samples),
        end: () => encoding.end(),
        chunks: readThenClose(() => encoding.chunks(), close),
        close,
      };
    },
    async close() {
      closed = true;
      await Promise.all([...open].map((stream) => stream.close()));
      open.clear();
    },
  };
}

/** Read to its end, broken off or failed: the stream is closed. */
function readThenClose<Item>(open: () => AsyncIterable<Item>, close: () => Promise<void>): AsyncIterable<Item> {
  return {
    async *[Symbol.asyncIterator]() {
      try {
        yield* open();
      } finally {
        await close();
      }
    },
  };
}
