import { z } from 'zod';

/** The protocol of `native/pocketsphinx-stream` (its README describes it), from this side. */

export type FrameType = 'S' | 'A' | 'E';

const HEADER_BYTES = 5;

/** One frame: type, length, payload. The payload is copied. */
export function encodeFrame(type: FrameType, samples?: Int16Array): Buffer {
  const bytes = samples ? samples.byteLength : 0;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  frame[0] = type.charCodeAt(0);
  frame.writeUInt32LE(bytes, 1);
  // Both sides are of one machine, so the samples' byte order is right as it is.
  if (samples) frame.set(new Uint8Array(samples.buffer, samples.byteOffset, bytes), HEADER_BYTES);
  return frame;
}

export const readyMessage = z.object({ event: z.literal('ready'), protocol: z.literal(1) });

const decoderMessage = z.discriminatedUnion('event', [
  z.object({ event: z.literal('open') }),
  z.object({ event: z.literal('partial'), text: z.string(), audio_ms: z.number() }),
  z.object({
    event: z.literal('final'),
    words: z.array(
      z.object({ text: z.string(), start_ms: z.number(), end_ms: z.number(), confidence: z.number().min(0).max(1) }),
    ),
    audio_ms: z.number(),
    decode_ms: z.number(),
  }),
  z.object({ event: z.literal('error'), code: z.string(), message: z.string() }),
]);

export type DecoderMessage = z.infer<typeof decoderMessage>;

/** @throws when the line is not what a decoder says. */
export function parseDecoderMessage(line: string): DecoderMessage {
  return decoderMessage.parse(JSON.parse(line));
}

/** Splits a stream of text into lines; an unfinished line waits for its rest. */
export class LineSplitter {
  #rest = '';

  *push(chunk: string): Generator<string> {
    this.#rest += chunk;
    let from = 0;
    for (let end = this.#rest.indexOf('\n'); end >= 0; end = this.#rest.indexOf('\n', from)) {
      yield this.#rest.slice(from, end);
      from = end + 1;
    }
    this.#rest = this.#rest.slice(from);
  }
}

/**
 * A word as people write it: without the number of its pronunciation (`to(2)`), with a capital `I`. Empty for what is
 * no word: silence and noise (`<sil>`, `[NOISE]`, `++UH++`).
 */
export function cleanWord(word: string): string {
  if (/^[<[+]/.test(word)) return '';
  const plain = word.replace(/\(\d+\)$/, '');
  return /^i($|')/.test(plain) ? `I${plain.slice(1)}` : plain;
}
