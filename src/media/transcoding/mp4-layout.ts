import { audioError } from './transcoding-errors.ts';

/** With its size in eight bytes. */
const LONGEST_HEADER_BYTES = 16;

type Order = 'unknown' | 'index_first' | 'sound_first';

/**
 * An MP4 file can be decoded from a pipe only when its index (`moov`) stands before its sound (`mdat`). Recorders that write a
 * file once put the index at the end: such a file is kept until it is whole, and given out with the index in front. All others
 * pass as they come. Boxes: ISO/IEC 14496-12, section 4.2.
 */
export class Mp4Layout {
  readonly #maxHeldBytes: number;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** The beginning of the next box, as far as it has come; it may be cut anywhere. */
  readonly #header = Buffer.alloc(LONGEST_HEADER_BYTES);
  #headerBytes = 0;
  /** Where that box begins. */
  #next = 0;
  #order: Order = 'unknown';

  /** @param maxHeldBytes how much may be kept of a file whose index has not come */
  constructor(maxHeldBytes: number) {
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** What can be given on of it now. @throws AppError `audio_unreadable` */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    if (this.#order === 'index_first') return [bytes];
    const order = this.#order === 'unknown' ? this.#look(bytes) : this.#order;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (order === 'index_first') return this.#release();
    this.#order = order;
    if (this.#heldBytes > this.#maxHeldBytes) throw audioError('audio_unreadable');
    return [];
  }

  /** Nothing more comes: what was held. @throws AppError `audio_unreadable` */
  end(): readonly Uint8Array[] {
    if (this.#order === 'index_first' || this.#heldBytes === 0) return [];
    if (this.#order === 'unknown') return this.#release();
    return withIndexInFront(Buffer.concat(this.#held));
  }

  /** Goes from box to box, without putting together what came in pieces. */
  #look(bytes: Uint8Array): Order {
    for (;;) {
      const from = this.#next + this.#headerBytes - this.#heldBytes;
      if (from >= bytes.length) return 'unknown';
      const part = bytes.subarray(from, from + LONGEST_HEADER_BYTES - this.#headerBytes);
      this.#header.set(part, this.#headerBytes);
      this.#headerBytes += part.length;
      if (this.#headerBytes < LONGEST_HEADER_BYTES) return 'unknown';
      const { type, end } = readBox(this.#header, 0);
      if (type === 'moov') return 'index_first';
      if (type === 'mdat') return 'sound_first';
      // A box may be shorter than what was read of it.
      this.#header.copyWithin(0, Math.min(end, LONGEST_HEADER_BYTES));
      this.#headerBytes = Math.max(0, LONGEST_HEADER_BYTES - end);
      this.#next += end;
    }
  }

  #release(): readonly Uint8Array[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    this.#order = 'index_first';
    return held;
  }
}

interface Box {
  readonly type: string;
  readonly start: number;
  /** Where what it holds begins. */
  readonly body: number;
  readonly end: number;
}

function readBox(file: Buffer, start: number): Box {
  const short = file.readUInt32BE(start);
  const type = file.toString('latin1', start + 4, start + 8);
  const body = short === 1 ? start + 16 : start + 8;
  if (body > file.length) throw audioError('audio_unreadable');
  const size = short === 1 ? Number(file.readBigUInt64BE(start + 8)) : short;
  // Size 0 is "to the end of the file".
  const end = short === 0 ? Number.MAX_SAFE_INTEGER : start + size;
  if (end < body || !Number.isSafeInteger(end)) throw audioError('audio_unreadable');
  return { type, start, body, end };
}

/** The boxes within a range; each must lie in it. */
function boxes(file: Buffer, from: number, to: number): Box[] {
  const found: Box[] = [];
  for (let at = from; at + 8 <= to;) {
    const box = readBox(file, at);
    found.push({ ...box, end: Math.min(box.end, to) });
    at = box.end;
  }
  return found;
}

function withIndexInFront(file: Buffer): Buffer[] {
  const all = boxes(file, 0, file.length);
  const index = all.find(({ type }) => type === 'moov');
  if (!index) throw audioError('audio_unreadable');
  const head = all.find(({ type }) => type === 'ftyp');
  const moved = Buffer.from(file.subarray(index.start, index.end));
  shiftOffsets(moved, { by: moved.length, upTo: index.start });
  const rest = all.filter((box) => box !== index && box !== head).map(({ start, end }) => file.subarray(start, end));
  return [...(head ? [file.subarray(head.start, head.end)] : []), moved, ...rest];
}

/** Where the sound lies in the file, from `moov/trak/mdia/minf/stbl/{stco,co64}`: what stood before the index moves back. */
function shiftOffsets(index: Buffer, shift: { readonly by: number; readonly upTo: number }): void {
  let level = boxes(index, 0, index.length);
  for (const type of ['trak', 'mdia', 'minf', 'stbl']) {
    level = level.flatMap((box) => boxes(index, box.body, box.end)).filter((box) => box.type === type);
  }
  for (const table of level.flatMap((box) => boxes(index, box.body, box.end))) {
    if (table.type === 'stco') shiftTable(index, table, 4, shift);
    if (table.type === 'co64') shiftTable(index, table, 8, shift);
  }
}

function shiftTable(
  index: Buffer,
  { body, end }: Box,
  width: 4 | 8,
  { by, upTo }: { readonly by: number; readonly upTo: number },
): void {
  const first = body + 8;
  if (first > end) throw audioError('audio_unreadable');
  const count = Math.min(index.readUInt32BE(body + 4), Math.floor((end - first) / width));
  for (let at = first; at < first + count * width; at += width) {
    const offset = width === 4 ? index.readUInt32BE(at) : Number(index.readBigUInt64BE(at));
    if (offset >= upTo) continue;
    if (width === 4) index.writeUInt32BE(offset + by, at);
    else index.writeBigUInt64BE(BigInt(offset + by), at);
  }
}
