import { readFile } from 'node:fs/promises';
import { Encoder } from '@evan/opus';

/** Opus frames of 20 ms each, as a caller sends them. */
export type OpusFrames = readonly Uint8Array[];

const FRAME_MS = 20;

/**
 * Encodes mono 16-bit PCM at 24 kbit/s. What does not fill the last frame is left out.
 * @param sampleRate 8000, 12000, 16000, 24000 or 48000: what Opus takes directly.
 * @param expectedLossPercent what in-band error correction is dimensioned for; 0: there is none.
 */
export function encodeFrames(
  pcm: Int16Array,
  sampleRate: 8000 | 12000 | 16000 | 24000 | 48000,
  expectedLossPercent = 0,
): OpusFrames {
  const encoder = new Encoder({ channels: 1, sample_rate: sampleRate, application: 'voip' });
  encoder.bitrate = 24_000;
  encoder.inband_fec = expectedLossPercent > 0;
  encoder.packet_loss = expectedLossPercent;
  const length = (sampleRate / 1000) * FRAME_MS;
  const frames: Uint8Array[] = [];
  for (let start = 0; start + length <= pcm.length; start += length) {
    // The encoder's answer may be a view of memory that it uses again.
    frames.push(Uint8Array.from(encoder.encode(pcm.subarray(start, start + length))));
  }
  return frames;
}

/** Reads a WAV of mono 16-bit PCM and encodes it. */
export async function encodeWav(path: string): Promise<OpusFrames> {
  const bytes = await readFile(path);
  const sampleRate = bytes.readUInt32LE(24);
  if (bytes.readUInt16LE(22) !== 1 || bytes.readUInt16LE(34) !== 16) throw new Error(`${path} is not mono 16-bit PCM`);
  if (sampleRate !== 8000 && sampleRate !== 16000 && sampleRate !== 24000 && sampleRate !== 48000) {
    throw new Error(`${path} has ${sampleRate} Hz, which Opus does not take`);
  }
  const data = bytes.indexOf('data');
  const start = data + 8;
  const pcm = bytes.subarray(start, start + Math.min(bytes.readUInt32LE(data + 4), bytes.length - start));
  return encodeFrames(new Int16Array(Uint8Array.from(pcm).buffer, 0, pcm.length >> 1), sampleRate);
}

/** A hum with a beat, loud enough to count as sound; not a voice. */
export function encodeTone(durationMs: number, frequencyHz = 220): OpusFrames {
  const pcm = Int16Array.from({ length: durationMs * 16 }, (_, index) => {
    const seconds = index / 16_000;
    return 8_000 * Math.sin(2 * Math.PI * frequencyHz * seconds) * (0.6 + 0.4 * Math.sin(2 * Math.PI * 4 * seconds));
  });
  return encodeFrames(pcm, 16_000);
}

/** The quiet noise of a room, about -60 dB: nothing that counts as a voice, and yet no digital silence. */
export function encodeRoomNoise(durationMs: number): OpusFrames {
  let state = 1;
  const pcm = Int16Array.from({ length: durationMs * 16 }, () => {
    // Numerical Recipes' linear congruential generator: the same noise in every run.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 0x1_0000_0000 - 0.5) * 60;
  });
  return encodeFrames(pcm, 16_000);
}

/** Reads frames kept by `packFrames`: each with its length in two bytes, big endian, before it. */
export function unpackFrames(bytes: Uint8Array): OpusFrames {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const length = view.getUint16(at);
    frames.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return frames;
}

export function packFrames(frames: OpusFrames): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(frame.length);
      return [length, frame];
    }),
  );
}
