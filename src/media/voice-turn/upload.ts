import type { Clock, Timer } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { AudioDecoder } from '../transcoding/transcoder.ts';
import { uploadIncomplete, uploadTooSlow } from './voice-turn-errors.ts';

export interface UploadOptions {
  readonly body: AsyncIterable<Uint8Array>;
  readonly decoder: Pick<AudioDecoder, 'write' | 'end'>;
  readonly clock: Clock;
  /** Nothing for so long is a failure. */
  readonly silenceMs: number;
  /** As is a body that is not whole after so long. */
  readonly limitMs: number;
}

/**
 * Gives a body to the decoder as it arrives.
 * @throws AppError `upload_too_slow`, `body_incomplete`; what the decoder throws
 */
export async function upload({ body, decoder, clock, silenceMs, limitMs }: UploadOptions): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => undefined);
  const expire = (): void => late.reject(uploadTooSlow());
  const limit = clock.after(limitMs, expire);
  let silence: Timer | undefined;
  try {
    for (;;) {
      silence = clock.after(silenceMs, expire);
      const next = await Promise.race([chunks.next(), late.promise]);
      silence.cancel();
      if (next.done) break;
      // What the decoder cannot take yet is not the sender's slowness.
      await decoder.write(next.value);
    }
    decoder.end();
  } catch (error) {
    throw error instanceof AppError ? error : uploadIncomplete(error);
  } finally {
    silence?.cancel();
    limit.cancel();
  }
}
