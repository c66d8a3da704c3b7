/** Samples in one frame of MPEG-2 layer III, the form of MP3 below 32 kHz (ISO/IEC 13818-3). */
export const SAMPLES_PER_MP3_FRAME = 576;

/** kbit/s by the index in a frame's header, of MPEG-2 layer III. */
const BITRATES = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/** Hz by the index, of MPEG-2. */
const SAMPLE_RATES = [22_050, 24_000, 16_000];

/** Puts bytes that were cut anywhere together to whole MP3 frames. */
export class Mp3Frames {
  #rest: Uint8Array = new Uint8Array();

  /** The frames that are whole now; the rest waits for more. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    const data = new Uint8Array(this.#rest.length + bytes.length);
    data.set(this.#rest);
    data.set(bytes, this.#rest.length);
    const frames: Uint8Array[] = [];
    let at = 0;
    while (at + 4 <= data.length) {
      const length = frameLength(data, at);
      if (length === undefined) {
        // Not a frame's beginning: the next one is sought.
        at += 1;
        continue;
      }
      if (at + length > data.length) break;
      frames.push(data.subarray(at, at + length));
      at += length;
    }
    this.#rest = data.slice(at);
    return frames;
  }
}

/** In bytes; undefined where no header of MPEG-2 layer III stands. */
function frameLength(data: Uint8Array, at: number): number | undefined {
  const kind = data[at + 1] ?? 0;
  const rates = data[at + 2] ?? 0;
  // 11 bits of sync, version 2, layer III; the last bit says whether a checksum follows.
  if (data[at] !== 0xff || (kind & 0xfe) !== 0xf2) return undefined;
  const bitrate = BITRATES[rates >> 4];
  const sampleRate = SAMPLE_RATES[(rates >> 2) & 3];
  if (bitrate === undefined || bitrate === 0 || sampleRate === undefined) return undefined;
  return Math.floor((SAMPLES_PER_MP3_FRAME / 8) * 1_000 * (bitrate / sampleRate)) + ((rates >> 1) & 1);
}
