import { FRAME_SAMPLES, SAMPLE_RATE, SAMPLES_PER_MS, type FrameAssembly } from './frame-assembly.ts';
import { JitterBuffer } from './jitter-buffer.ts';
import type { Playout } from './jitter-types.ts';
import type { OpusCodec, OpusDecoder } from './opus.ts';
import { createRtpHeader, parseRtp } from './rtp.ts';
import type { SlotSound } from './slot-sound.ts';

/** RTP units in one sample at 16 kHz. */
const UNITS_PER_SAMPLE = 3;
/** Concealed in one piece at most; it fades on the way. */
const CONCEALED_SAMPLES = 60 * SAMPLES_PER_MS;
const LOST: SlotSound = { kind: 'lost' };
/** Mean absolute sample below which a frame can be left out or a silence put in unheard; about −44 dBFS. */
const QUIET_LEVEL = 200;
/** The delay is corrected in the sound itself only when it is a whole frame off, and a little. */
const MUCH_TOO_LONG_MS = 25;
const MUCH_TOO_SHORT_MS = -25;
/** From this excess on, a pause in speech need not be quiet to be shortened. */
const FAR_TOO_LONG_MS = 200;

export interface PacketSoundOptions {
  readonly codec: OpusCodec;
  /** Packets of other payload types are counted and dropped. Default: whatever comes is taken for Opus. */
  readonly payloadType?: number;
}

export interface PacketSoundStats {
  readonly packetsReceived: number;
  /** Not RTP, another payload type, or not Opus. */
  readonly packetsInvalid: number;
  readonly packetsDuplicate: number;
  /** Came after their place had been filled. */
  readonly packetsLate: number;
  /** Never came, or came late. */
  readonly packetsLost: number;
  /** Given up because too much was buffered, or left out of a pause to shorten the delay. */
  readonly packetsDiscarded: number;
  /** Lost packets whose sound came as a copy in the next one (in-band error correction). */
  readonly framesRecovered: number;
  /** Lost packets made up for by concealment, or by silence after 60 ms of it. */
  readonly framesConcealed: number;
  /** Times 20 ms for which nothing was there: late, lost, or the sender's silence. */
  readonly framesStarved: number;
  /** The wanted delay of the jitter buffer. */
  readonly targetDelayMs: number;
}

/**
 * RTP packets of Opus to sound at 16 kHz, without a gap. What is missing is filled: by in-band error correction, by up to
 * 60 ms of concealment that fades, then by silence. A delay that is far off is corrected in the pauses of speech.
 */
export class PacketSound {
  readonly #options: PacketSoundOptions;
  readonly #decoder: OpusDecoder;
  readonly #buffer: JitterBuffer;
  readonly #header = createRtpHeader();
  readonly #counts = { received: 0, invalid: 0, shortened: 0, recovered: 0, concealed: 0, starved: 0 };
  /** Concealed without a break, in samples. */
  #concealing = 0;
  #quiet = true;

  constructor(options: PacketSoundOptions) {
    this.#options = options;
    this.#decoder = options.codec.createDecoder({ sampleRate: SAMPLE_RATE });
    this.#buffer = new JitterBuffer({ usesCopies: options.codec.exactConcealment });
  }

  /** One RTP packet, as it came; copied. Never throws. `nowMs` is monotonic. */
  receive(packet: Uint8Array, nowMs: number): void {
    this.#counts.received++;
    const header = this.#header;
    const { payloadType } = this.#options;
    const fault = parseRtp(packet, header);
    if (fault !== undefined || (payloadType !== undefined && header.payloadType !== payloadType)) {
      // Padding alone is how a sender probes for bandwidth.
      if (fault !== 'no_payload') this.#counts.invalid++;
      return;
    }
    this.#buffer.push(packet, header, nowMs);
  }

  /** Adds what comes next; `nowMs` is when its first sample is due. `speaking`: a voice is heard, whose pace is not to be touched. */
  pull(frame: FrameAssembly, nowMs: number, speaking: boolean): void {
    if (this.#quiet && !speaking && this.#buffer.excessDelayMs(nowMs) < MUCH_TOO_SHORT_MS) {
      this.#addSilence(frame, FRAME_SAMPLES);
      return;
    }
    const playout = this.#buffer.pull(nowMs);
    const samples = playout.units / UNITS_PER_SAMPLE;
    switch (playout.kind) {
      case 'packet':
        this.#decode(frame, playout, samples, nowMs, speaking);
        return;
      case 'recover':
        this.#recover(frame, playout, samples);
        return;
      case 'conceal':
        this.#counts.concealed++;
        this.#conceal(frame, samples);
        return;
      case 'starved':
        this.#counts.starved++;
        this.#conceal(frame, samples);
        return;
      case 'silence':
        this.#addSilence(frame, samples);
        return;
      default:
        playout.kind satisfies never;
    }
  }

  /** Sound of another way comes between: what follows has nothing before it to be concealed by. */
  interrupt(): void {
    this.#concealing = CONCEALED_SAMPLES;
  }

  /** How long packets are held back now, measured from when the fastest would have come. */
  delayMs(nowMs: number): number {
    return this.#buffer.delayMs(nowMs);
  }

  stats(): PacketSoundStats {
    const { received, invalid, shortened, recovered, concealed, starved } = this.#counts;
    const network = this.#buffer.stats;
    return {
      packetsReceived: received,
      packetsInvalid: invalid + network.invalid,
      packetsDuplicate: network.duplicate,
      packetsLate: network.late,
      packetsLost: network.lost,
      packetsDiscarded: network.discarded + shortened,
      framesRecovered: recovered,
      framesConcealed: concealed,
      framesStarved: starved,
      targetDelayMs: this.#buffer.targetDelayMs,
    };
  }

  /** Idempotent. */
  close(): void {
    this.#decoder.close();
  }

  #decode(frame: FrameAssembly, playout: Playout, samples: number, nowMs: number, speaking: boolean): void {
    if (playout.restarted) this.#decoder.reset();
    let sound: Int16Array;
    try {
      sound = this.#decoder.decode(playout.payload);
    } catch {
      this.#counts.invalid++;
      this.#conceal(frame, samples);
      return;
    }
    this.#concealing = 0;
    const excessMs = this.#buffer.excessDelayMs(nowMs);
    // The level is only of use where the delay is off.
    this.#quiet = Math.abs(excessMs) > MUCH_TOO_LONG_MS && level(sound) < QUIET_LEVEL;
    if (!speaking && excessMs > MUCH_TOO_LONG_MS && this.#canShorten(excessMs)) {
      this.#counts.shortened++;
      return;
    }
    frame.add(sound, sound.length === FRAME_SAMPLES ? { kind: 'packet', packet: playout.payload } : undefined);
  }

  /** Only while the delay stands in the buffer: a sender that was held up also seems late. */
  #canShorten(excessMs: number): boolean {
    if (this.#buffer.bufferedMs < this.#buffer.targetDelayMs) return false;
    return this.#quiet || excessMs > FAR_TOO_LONG_MS;
  }

  #recover(frame: FrameAssembly, playout: Playout, samples: number): void {
    if (this.#options.codec.exactConcealment) {
      try {
        frame.add(this.#decoder.recover(playout.payload, samples));
        this.#counts.recovered++;
        this.#concealing = 0;
        return;
      } catch {
        // A copy that cannot be read is none.
      }
    }
    this.#counts.concealed++;
    this.#conceal(frame, samples);
  }

  /** Fades over what may be concealed in one piece; beyond it there is silence. */
  #conceal(frame: FrameAssembly, samples: number): void {
    const left = CONCEALED_SAMPLES - this.#concealing;
    if (left <= 0) {
      this.#addSilence(frame, samples);
      return;
    }
    const sound = this.#decoder.conceal(samples);
    frame.addFaded(sound, (index) => Math.max(0, left - index) / CONCEALED_SAMPLES, LOST);
    this.#concealing += samples;
  }

  #addSilence(frame: FrameAssembly, samples: number): void {
    frame.addSilence(samples);
    this.#quiet = true;
    this.#concealing = CONCEALED_SAMPLES;
  }
}

/** Mean absolute sample. */
function level(sound: Int16Array): number {
  let sum = 0;
  for (let index = 0; index < sound.length; index++) sum += Math.abs(sound[index]!);
  return sum / sound.length;
}
