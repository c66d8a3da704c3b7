import { OggWriter } from '../../media/recording/ogg-writer.ts';
import type { OpusFrames } from './opus-recording.ts';

const UNITS_PER_FRAME = 960;

/** Opus frames as a browser's recorder gives them out: one Ogg stream in bytes, cut wherever it is convenient. */
export class OggVoice {
  readonly #ogg = new OggWriter({ serial: 1 });
  #granule = 0;

  /** What comes first (RFC 7845, section 5). */
  headers(): Buffer {
    const head = Buffer.alloc(19);
    head.write('OpusHead', 0, 'latin1');
    head[8] = 1;
    head[9] = 1;
    head.writeUInt32LE(48_000, 12);
    this.#ogg.add(head);
    const first = this.#ogg.page(0);
    const tags = Buffer.alloc(16);
    tags.write('OpusTags', 0, 'latin1');
    this.#ogg.add(tags);
    return Buffer.concat([first, this.#ogg.page(0)]);
  }

  /** The frames as one page. */
  page(frames: OpusFrames): Buffer {
    for (const frame of frames) this.#ogg.add(frame);
    this.#granule += frames.length * UNITS_PER_FRAME;
    return this.#ogg.page(this.#granule);
  }
}
