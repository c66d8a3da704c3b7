import type { FrameQueue } from './frame-queue.ts';
import { JitterBuffer } from './jitter-buffer.ts';
import type { Playout } from './jitter-types.ts';
import type { OpusCodec, OpusDecoder } from './opus.ts';
import { createRtpHeader, parseRtp } from './rtp.ts';
import type { SlotSound } from './slot-sound.ts';
import type { VoiceDetector, VoiceEvent, VoiceSettings, VoiceStream } from './voice-types.ts';

const SAMPLE_RATE = 16_000;
const FRAME_SAMPLES = 320;
const SAMPLES_PER_MS = 16;
/** RTP units in one sample at 16 kHz. */
const UNITS_PER_SAMPLE = 3;
/** The length of nearly every packet of speech (RFC 7587, section 4.2). */
const PACKET_MS = 20;
/** A longer lag is none, but a clock that the buffer has not made out yet. */
const MAX_LAG_MS = 300;
/** From a sound's being made to its frame's coming in by a queue: the recorder's encoder, its container, our decoder. */
const QUEUED_SOUND_AGE_MS = 30;
/** Concealed in one piece at most; it fades on the way. */
const CONCEALED_SAMPLES = 60 * SAMPLES_PER_MS;
/** Room for what is left of a frame and the longest packet. */
const PENDING_SAMPLES = FRAME_SAMPLES + 120 * SAMPLES_PER_MS;
const SILENCE: SlotSound = { kind: 'silence' };
const LOST: SlotSound = { kind: 'lost' };
/** Mean absolute sample below which a frame can be left out or a silence put in unheard; about −44 dBFS. */
const QUIET_LEVEL = 200;
/** The delay is corrected in the sound itself only when it is a whole frame off, and a little. */
const MUCH_TOO_LONG_MS = 25;
const MUCH_TOO_SHORT_MS = -25;
/** From this excess on, a pause in speech need not be quiet to be shortened. */
const FAR_TOO_LONG_MS = 200;

export interface MicrophoneOptions {
  readonly codec: OpusCodec;
  readonly detector: VoiceDetector;
  readonly voice?: VoiceSettings;
  /** Packets of other payload types are counted and dropped. Default: whatever comes is taken for Opus. */
  readonly payloadType?: number;
  /**
   * 320 samples, 16 kHz mono; the array is used again. `sampleIndex` is the first sample's place on the sample clock;
   * `origin` is the same sound as it came, where it came as one packet.
   */
  readonly onFrame: (frame: Int16Array, sampleIndex: number, origin: SlotSound) => void;
  /** Comes some windows after the frames that it speaks of. */
  readonly onVoice: (event: VoiceEvent) => void;
}

export interface MicrophoneStats {
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
  readonly framesEmitted: number;
  /** Lost packets whose sound came as a copy in the next one (in-band error correction). */
  readonly framesRecovered: number;
  /** Lost packets made up for by concealment, or by silence after 60 ms of it. */
  readonly framesConcealed: number;
  /** Times 20 ms for which nothing was there: late, lost, or the sender's silence. */
  readonly framesStarved: number;
  /** The wanted delay of the jitter buffer, and what it was at the last tick. */
  readonly targetDelayMs: number;
  readonly delayMs: number;
  readonly speechProbability: number;
}

/**
 * All of the way in: RTP packets to 16 kHz mono frames on a sample clock, and voice activity. What is missing is
 * filled: by in-band error correction, by up to 60 ms of concealment that fades, then by silence.
 */
export class Microphone {
  readonly #options: MicrophoneOptions;
  readonly #decoder: OpusDecoder;
  readonly #voice: VoiceStream;
  readonly #buffer: JitterBuffer;
  readonly #header = createRtpHeader();
  /** Decoded and not yet emitted: `#pendingCount` samples. */
  readonly #pending = new Int16Array(PENDING_SAMPLES);
  readonly #frame: Int16Array;
  readonly #counts = { received: 0, invalid: 0, shortened: 0, recovered: 0, concealed: 0, starved: 0 };
  #pendingCount = 0;
  #samplesEmitted = 0;
  /** Concealed without a break, in samples. */
  #concealing = 0;
  #quiet = true;
  /** Where frames come from instead of the network's packets. */
  #queue: FrameQueue | undefined;
  /** What the frame under way was made of; `undefined`: of several things. */
  #origin: SlotSound | undefined = SILENCE;
  #pulls = 0;
  #lastPacketMs: number | undefined;
  #lastTickMs: number | undefined;
  #closed = false;

  constructor(options: MicrophoneOptions) {
    this.#options = options;
    this.#decoder = options.codec.createDecoder({ sampleRate: SAMPLE_RATE });
    this.#buffer = new JitterBuffer({ usesCopies: options.codec.exactConcealment });
    this.#voice = options.detector.openStream(options.onVoice, options.voice);
    this.#frame = this.#pending.subarray(0, FRAME_SAMPLES);
  }

  /** One RTP packet, as it came; copied. Never throws. `nowMs` is monotonic. */
  receive(packet: Uint8Array, nowMs: number): void {
    if (this.#closed) return;
    this.#counts.received++;
    const header = this.#header;
    const { payloadType } = this.#options;
    const fault = parseRtp(packet, header);
    if (fault !== undefined || (payloadType !== undefined && header.payloadType !== payloadType)) {
      // Padding alone is how a sender probes for bandwidth.
      if (fault !== 'no_payload') this.#counts.invalid++;
      return;
    }
    if (this.#buffer.push(packet, header, nowMs) !== 'invalid') this.#lastPacketMs = nowMs;
  }

  /** Takes frames out of the queue from now on, or packets again. What is pending is still emitted. */
  listenTo(queue: FrameQueue | undefined): void {
    this.#queue = queue;
    this.#concealing = CONCEALED_SAMPLES;
  }

  /** Emits exactly one frame, whatever the network did. Every 20 ms, by the pacer (`PacedCall.hear`). */
  tick(nowMs: number): void {
    if (this.#closed) return;
    this.#lastTickMs = nowMs;
    this.#lastPacketMs ??= nowMs;
    this.#pulls = 0;
    this.#origin = undefined;
    while (this.#pendingCount < FRAME_SAMPLES) {
      this.#pulls++;
      if (this.#queue) this.#takeFrame(this.#queue, nowMs);
      else this.#pull(nowMs + this.#pendingCount / SAMPLES_PER_MS);
    }
    const origin = this.#pulls === 1 ? this.#origin : undefined;

    const index = this.#samplesEmitted;
    this.#samplesEmitted += FRAME_SAMPLES;
    // The frame stands at the front of what is pending; both listeners take what they need at once.
    try {
      this.#voice.write(this.#frame);
      this.#options.onFrame(
        this.#frame,
        index,
        origin ?? { kind: 'samples', samples: this.#frame, sampleRate: SAMPLE_RATE },
      );
    } finally {
      this.#pendingCount -= FRAME_SAMPLES;
      if (this.#pendingCount > 0) this.#pending.copyWithin(0, FRAME_SAMPLES, FRAME_SAMPLES + this.#pendingCount);
    }
  }

  /** Since the last valid packet; since the first tick when none came yet; 0 before. */
  msSinceLastPacket(nowMs: number): number {
    return this.#lastPacketMs === undefined ? 0 : Math.max(0, nowMs - this.#lastPacketMs);
  }

  /** Samples emitted so far: the sample clock. */
  get samplesEmitted(): number {
    return this.#samplesEmitted;
  }

  /** How long before the last tick the end of its frame had come in: what the jitter buffer holds, and the packet itself. */
  get lagMs(): number {
    if (this.#lastTickMs === undefined) return 0;
    const pendingMs = this.#pendingCount / SAMPLES_PER_MS;
    if (this.#queue) return Math.min(MAX_LAG_MS, QUEUED_SOUND_AGE_MS + this.#queue.ageMs(this.#lastTickMs) + pendingMs);
    const lagMs = this.#buffer.delayMs(this.#lastTickMs) + PACKET_MS + pendingMs;
    return Math.min(MAX_LAG_MS, Math.max(0, lagMs));
  }

  /** Between `speech_started` and `speech_stopped`. */
  get speaking(): boolean {
    return this.#voice.speaking;
  }

  stats(): MicrophoneStats {
    const { received, invalid, shortened, recovered, concealed, starved } = this.#counts;
    const network = this.#buffer.stats;
    return {
      packetsReceived: received,
      packetsInvalid: invalid + network.invalid,
      packetsDuplicate: network.duplicate,
      packetsLate: network.late,
      packetsLost: network.lost,
      packetsDiscarded: network.discarded + shortened,
      framesEmitted: this.#samplesEmitted / FRAME_SAMPLES,
      framesRecovered: recovered,
      framesConcealed: concealed,
      framesStarved: starved,
      targetDelayMs: this.#buffer.targetDelayMs,
      delayMs: this.#lastTickMs === undefined ? 0 : this.#buffer.delayMs(this.#lastTickMs),
      speechProbability: this.#voice.probability,
    };
  }

  /** Nothing is emitted after it. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#voice.close();
    this.#decoder.close();
  }

  #takeFrame(queue: FrameQueue, nowMs: number): void {
    const frame = queue.take(!this.#voice.speaking);
    if (!frame) {
      this.#counts.starved++;
      this.#appendSilence(FRAME_SAMPLES);
      return;
    }
    this.#lastPacketMs = nowMs;
    this.#append(frame);
  }

  /** Appends what comes next; `nowMs` is when its first sample is due. */
  #pull(nowMs: number): void {
    if (this.#quiet && !this.#voice.speaking && this.#buffer.excessDelayMs(nowMs) < MUCH_TOO_SHORT_MS) {
      this.#appendSilence(FRAME_SAMPLES);
      return;
    }
    const playout = this.#buffer.pull(nowMs);
    const samples = playout.units / UNITS_PER_SAMPLE;
    switch (playout.kind) {
      case 'packet':
        this.#decode(playout, samples, nowMs);
        return;
      case 'recover':
        if (this.#options.codec.exactConcealment) {
          this.#recover(playout, samples);
          return;
        }
        this.#counts.concealed++;
        this.#conceal(samples);
        return;
      case 'conceal':
        this.#counts.concealed++;
        this.#conceal(samples);
        return;
      case 'starved':
        this.#counts.starved++;
        this.#conceal(samples);
        return;
      case 'silence':
        this.#appendSilence(samples);
        return;
      default:
        playout.kind satisfies never;
    }
  }

  #decode(playout: Playout, samples: number, nowMs: number): void {
    if (playout.restarted) this.#decoder.reset();
    let sound: Int16Array;
    try {
      sound = this.#decoder.decode(playout.payload);
    } catch {
      this.#counts.invalid++;
      this.#conceal(samples);
      return;
    }
    this.#concealing = 0;
    const excessMs = this.#buffer.excessDelayMs(nowMs);
    // The level is only of use where the delay is off.
    this.#quiet = Math.abs(excessMs) > MUCH_TOO_LONG_MS && level(sound) < QUIET_LEVEL;
    if (excessMs > MUCH_TOO_LONG_MS && this.#canShorten(excessMs)) {
      this.#counts.shortened++;
      return;
    }
    this.#append(sound);
    if (sound.length === FRAME_SAMPLES) this.#origin = { kind: 'packet', packet: playout.payload };
  }

  /** Only in a pause, and only while the delay stands in the buffer: a sender that was held up also seems late. */
  #canShorten(excessMs: number): boolean {
    if (this.#voice.speaking || this.#buffer.bufferedMs < this.#buffer.targetDelayMs) return false;
    return this.#quiet || excessMs > FAR_TOO_LONG_MS;
  }

  #recover(playout: Playout, samples: number): void {
    try {
      this.#append(this.#decoder.recover(playout.payload, samples));
      this.#counts.recovered++;
      this.#concealing = 0;
    } catch {
      this.#counts.concealed++;
      this.#conceal(samples);
    }
  }

  /** Fades over what may be concealed in one piece; beyond it there is silence. */
  #conceal(samples: number): void {
    const left = CONCEALED_SAMPLES - this.#concealing;
    if (left <= 0) {
      this.#appendSilence(samples);
      return;
    }
    const sound = this.#decoder.conceal(samples);
    const at = this.#pendingCount;
    for (let index = 0; index < samples; index++) {
      const gain = Math.max(0, left - index) / CONCEALED_SAMPLES;
      this.#pending[at + index] = sound[index]! * gain;
    }
    this.#pendingCount += samples;
    this.#concealing += samples;
    this.#origin = LOST;
  }

  #append(sound: Int16Array): void {
    this.#pending.set(sound, this.#pendingCount);
    this.#pendingCount += sound.length;
  }

  #appendSilence(samples: number): void {
    this.#pending.fill(0, this.#pendingCount, this.#pendingCount + samples);
    this.#pendingCount += samples;
    this.#quiet = true;
    this.#concealing = CONCEALED_SAMPLES;
    this.#origin = SILENCE;
  }
}

/** Mean absolute sample. */
function level(sound: Int16Array): number {
  let sum = 0;
  for (let index = 0; index < sound.length; index++) sum += Math.abs(sound[index]!);
  return sum / sound.length;
}
