import { FRAME_SAMPLES, FrameAssembly } from './frame-assembly.ts';
import type { FrameQueue } from './frame-queue.ts';
import { PacketSound, type PacketSoundOptions, type PacketSoundStats } from './packet-sound.ts';
import type { SlotSound } from './slot-sound.ts';
import type { VoiceDetector, VoiceEvent, VoiceSettings, VoiceStream } from './voice-types.ts';

/** The length of nearly every packet of speech (RFC 7587, section 4.2). */
const PACKET_MS = 20;
/** A longer lag is none, but a clock that the buffer has not made out yet. */
const MAX_LAG_MS = 300;
/** From a sound's being made to its frame's coming in by a queue: the recorder's encoder, its container, our decoder. */
const QUEUED_SOUND_AGE_MS = 30;

export interface MicrophoneOptions extends PacketSoundOptions {
  readonly detector: VoiceDetector;
  readonly voice?: VoiceSettings;
  /**
   * 320 samples, 16 kHz mono; the array is used again. `sampleIndex` is the first sample's place on the sample clock;
   * `origin` is the same sound as it came, where it came as one packet.
   */
  readonly onFrame: (frame: Int16Array, sampleIndex: number, origin: SlotSound) => void;
  /** Comes some windows after the frames that it speaks of. */
  readonly onVoice: (event: VoiceEvent) => void;
}

export interface MicrophoneStats extends PacketSoundStats {
  readonly framesEmitted: number;
  /** What the jitter buffer's delay was at the last tick. */
  readonly delayMs: number;
  readonly speechProbability: number;
}

/** All of the way in: packets, or frames of a queue, to 16 kHz mono frames on a sample clock, and voice activity. */
export class Microphone {
  readonly #options: MicrophoneOptions;
  readonly #packets: PacketSound;
  readonly #voice: VoiceStream;
  readonly #frame = new FrameAssembly();
  /** Where frames come from instead of the network's packets. */
  #queue: FrameQueue | undefined;
  /** Ticks for which the queue had nothing. */
  #queueStarved = 0;
  #samplesEmitted = 0;
  #lastTickMs: number | undefined;
  #closed = false;

  constructor(options: MicrophoneOptions) {
    this.#options = options;
    this.#packets = new PacketSound(options);
    this.#voice = options.detector.openStream(options.onVoice, options.voice);
  }

  /** One RTP packet, as it came; copied. Never throws. `nowMs` is monotonic. */
  receive(packet: Uint8Array, nowMs: number): void {
    if (!this.#closed) this.#packets.receive(packet, nowMs);
  }

  /** Takes frames out of the queue from now on, or packets again. What is pending is still emitted. */
  listenTo(queue: FrameQueue | undefined): void {
    this.#queue = queue;
    this.#packets.interrupt();
  }

  /** Emits exactly one frame, whatever the network did. Every 20 ms, by the pacer (`PacedCall.hear`). */
  tick(nowMs: number): void {
    if (this.#closed) return;
    this.#lastTickMs = nowMs;
    const frame = this.#frame;
    frame.begin();
    while (frame.missing) {
      if (this.#queue) this.#takeFrame(this.#queue);
      else this.#packets.pull(frame, nowMs + frame.ms, this.#voice.speaking);
    }

    const index = this.#samplesEmitted;
    this.#samplesEmitted += FRAME_SAMPLES;
    // Both listeners take what they need at once.
    try {
      this.#voice.write(frame.frame);
      this.#options.onFrame(frame.frame, index, frame.origin);
    } finally {
      frame.shift();
    }
  }

  /** Samples emitted so far: the sample clock. */
  get samplesEmitted(): number {
    return this.#samplesEmitted;
  }

  /** How long before the last tick the end of its frame had come in: what the jitter buffer holds, and the packet itself. */
  get lagMs(): number {
    if (this.#lastTickMs === undefined) return 0;
    const heldMs = this.#queue
      ? QUEUED_SOUND_AGE_MS + this.#queue.ageMs(this.#lastTickMs)
      : this.#packets.delayMs(this.#lastTickMs) + PACKET_MS;
    return Math.min(MAX_LAG_MS, Math.max(0, heldMs + this.#frame.ms));
  }

  stats(): MicrophoneStats {
    const packets = this.#packets.stats();
    return {
      ...packets,
      framesStarved: packets.framesStarved + this.#queueStarved,
      framesEmitted: this.#samplesEmitted / FRAME_SAMPLES,
      delayMs: this.#lastTickMs === undefined ? 0 : this.#packets.delayMs(this.#lastTickMs),
      speechProbability: this.#voice.probability,
    };
  }

  /** Nothing is emitted after it. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#voice.close();
    this.#packets.close();
  }

  #takeFrame(queue: FrameQueue): void {
    const sound = queue.take(!this.#voice.speaking);
    if (sound) {
      this.#frame.add(sound);
      return;
    }
    this.#queueStarved++;
    this.#frame.addSilence(FRAME_SAMPLES);
  }
}
