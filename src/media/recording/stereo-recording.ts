import { randomInt } from 'node:crypto';
import type { OpusCodec, OpusEncoder, OpusSampleRate } from '../audio/opus-types.ts';
import type { SlotSound } from '../audio/slot-sound.ts';
import { OggWriter } from './ogg-writer.ts';
import {
  fillsSlot,
  isPlain,
  joinSlot,
  opusHead,
  opusTags,
  PRE_SKIP_UNITS,
  SILENT_PACKET,
  UNITS_PER_SLOT,
} from './opus-in-ogg.ts';

const SLOT_MS = 20;
/** How long a slot is kept open: what was said comes to light only after the network and its buffer. */
const OPEN_SLOTS = 50;
/** Packets of one page: a second, which is what a crash may cost. */
const SLOTS_PER_PAGE = 50;
/** A stall or an outage longer than this is no silence worth writing. */
const MAX_SKIPPED_SLOTS = 50 * 600;
/** A sound may stand so far from its time before it is moved in mid-word. */
const MAX_DRIFT_SLOTS = 5;
/** Mean absolute sample below which a frame is a pause, as a room's noise is; about −50 dBFS. */
const QUIET_LEVEL = 100;

interface Side {
  readonly name: 'tutor' | 'learner';
  /** Of the slots that are open, by their number modulo `OPEN_SLOTS`. */
  readonly slots: (Uint8Array | undefined)[];
  /** The slot after the last one that something was put into. */
  next: number | undefined;
  last: Uint8Array;
}

export interface StereoRecordingOptions {
  readonly codec: OpusCodec;
  /** Takes the file's bytes in their order; owns the array. */
  readonly write: (bytes: Buffer) => void;
  /** Default: random (RFC 3533 wants it unique). */
  readonly serial?: number;
}

/**
 * Both sides of a call as one Ogg/Opus file, written page by page while it lasts: learner left, tutor right, on one
 * grid of 20 ms. Packets that exist are kept as they are; only sound that is none yet is encoded, as cheaply as can be.
 * Times are of the call's clock: monotonic milliseconds.
 */
export class StereoRecording {
  readonly #options: StereoRecordingOptions;
  readonly #ogg: OggWriter;
  readonly #tutor = openSide('tutor');
  readonly #learner = openSide('learner');
  readonly #encoders = new Map<string, OpusEncoder>();
  #originMs: number | undefined;
  /** The next slot to be written; those from it on are open. */
  #written = 0;
  /** Time has come to the end of this slot. */
  #reached = 0;
  #inPage = 0;
  #closed = false;

  constructor(options: StereoRecordingOptions) {
    this.#options = options;
    this.#ogg = new OggWriter({ serial: options.serial ?? randomInt(2 ** 32) });
    for (const header of [opusHead(), opusTags()]) {
      this.#ogg.add(header);
      options.write(this.#ogg.page(0));
    }
  }

  /** Of what is written so far. */
  get durationMs(): number {
    return this.#written * SLOT_MS;
  }

  /** Time has come to `nowMs`: what is older than the open slots is written. */
  advance(nowMs: number): void {
    if (this.#closed) return;
    this.#originMs ??= nowMs;
    const due = this.#slotOf(nowMs) - OPEN_SLOTS + 1;
    if (due - this.#written > MAX_SKIPPED_SLOTS) this.#originMs += (due - this.#written - MAX_SKIPPED_SLOTS) * SLOT_MS;
    while (this.#written < due) this.#writeSlot();
    this.#reached = this.#slotOf(nowMs) + 1;
  }

  /** What the learner heard from `atMs` on. */
  tutor(atMs: number, sound: SlotSound): void {
    this.#put(this.#tutor, atMs, sound);
  }

  /** What the learner said from `atMs` on. */
  learner(atMs: number, sound: SlotSound): void {
    this.#put(this.#learner, atMs, sound);
  }

  /** Writes what is open, up to where time has come, and the end. Idempotent. */
  close(): void {
    if (this.#closed) return;
    while (this.#written < this.#reached) this.#writeSlot();
    this.#closed = true;
    this.#options.write(this.#ogg.page(this.#granule(), { last: true }));
    for (const encoder of this.#encoders.values()) encoder.close();
    this.#encoders.clear();
  }

  #slotOf(atMs: number): number {
    return Math.round((atMs - (this.#originMs ?? atMs)) / SLOT_MS);
  }

  /**
   * A side's sound comes one frame after the other, while its time is an estimate that moves a little: within a word the
   * frames stay beside each other, and a pause takes up the difference.
   */
  #put(side: Side, atMs: number, sound: SlotSound): void {
    if (this.#originMs === undefined || this.#closed) return;
    const place = this.#slotOf(atMs);
    const drift = place - (side.next ?? place);
    const moves = isPause(sound) || Math.abs(drift) > MAX_DRIFT_SLOTS;
    // Behind: what stands there already stays, and the next frame stands where it belongs.
    if (moves && drift < 0) return;
    const slot = moves ? place : (side.next ?? place);
    side.next = slot + 1;
    if (slot < this.#written || slot >= this.#written + OPEN_SLOTS) return;
    // A room's noise is not worth the encoding.
    side.slots[slot % OPEN_SLOTS] = isPause(sound) ? undefined : this.#packetOf(side, sound);
  }

  /** Nothing: the slot is silent. */
  #packetOf(side: Side, sound: SlotSound): Uint8Array | undefined {
    switch (sound.kind) {
      case 'packet': {
        if (!fillsSlot(sound.packet) || (side.name === 'tutor' && !isPlain(sound.packet))) return undefined;
        side.last = sound.packet.slice();
        return side.last;
      }
      case 'samples':
        return this.#encode(side.name, sound.samples, sound.sampleRate);
      case 'lost':
        // A frame of no length (RFC 6716, section 3.2.1): the decoder fills it from what came before.
        return Uint8Array.of(side.last[0]! & 0xfc);
      case 'silence':
        return undefined;
      default:
        return sound satisfies never;
    }
  }

  #encode(side: string, samples: Int16Array, sampleRate: OpusSampleRate): Uint8Array {
    const name = `${side} ${sampleRate}`;
    let encoder = this.#encoders.get(name);
    if (!encoder) {
      const { codec } = this.#options;
      encoder = codec.createEncoder({ sampleRate, bitrate: 24_000, complexity: 0, expectedLossPercent: 0 });
      this.#encoders.set(name, encoder);
    }
    return encoder.encode(samples).slice();
  }

  #writeSlot(): void {
    const index = this.#written % OPEN_SLOTS;
    const packet = joinSlot(this.#tutor.slots[index] ?? SILENT_PACKET, this.#learner.slots[index] ?? SILENT_PACKET);
    this.#tutor.slots[index] = undefined;
    this.#learner.slots[index] = undefined;
    if (this.#inPage === SLOTS_PER_PAGE || !this.#ogg.hasRoomFor(packet.length)) this.#flush();
    this.#ogg.add(packet);
    this.#written += 1;
    this.#inPage += 1;
  }

  #flush(): void {
    if (this.#inPage === 0) return;
    this.#options.write(this.#ogg.page(this.#granule()));
    this.#inPage = 0;
  }

  #granule(): number {
    return this.#written * UNITS_PER_SLOT + PRE_SKIP_UNITS;
  }
}

function openSide(name: Side['name']): Side {
  return { name, slots: Array.from({ length: OPEN_SLOTS }), next: undefined, last: SILENT_PACKET };
}

function isPause(sound: SlotSound): boolean {
  if (sound.kind !== 'samples') return sound.kind === 'silence';
  let sum = 0;
  for (const sample of sound.samples) sum += Math.abs(sample);
  return sum < QUIET_LEVEL * sound.samples.length;
}
