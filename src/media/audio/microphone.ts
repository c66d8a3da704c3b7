import type { OpusCodec } from './opus.ts';
import type { VoiceDetector, VoiceEvent, VoiceSettings } from './vad.ts';

export interface MicrophoneOptions {
  readonly codec: OpusCodec;
  readonly detector: VoiceDetector;
  readonly voice?: VoiceSettings;
  /** Packets of other payload types are counted and dropped. Default: whatever the first packet has. */
  readonly payloadType?: number;
  /** 320 samples, 16 kHz mono; the array is used again. `sampleIndex` is the first sample's place on the sample clock. */
  readonly onFrame: (frame: Int16Array, sampleIndex: number) => void;
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
  readonly framesEmitted: number;
  /** 20 ms frames, in whole or part, made by in-band error correction. */
  readonly framesRecovered: number;
  /** The same by concealment. */
  readonly framesConcealed: number;
  /** The wanted delay of the jitter buffer, and what it is now. */
  readonly targetDelayMs: number;
  readonly delayMs: number;
  readonly speechProbability: number;
}

/** All of the way in: RTP packets to 16 kHz mono frames on a sample clock, and voice activity. */
export class Microphone {
  constructor(_options: MicrophoneOptions) {}

  /** One RTP packet, as it came; copied. Never throws. `nowMs` is monotonic. */
  receive(_packet: Uint8Array, _nowMs: number): void {}

  /** Emits exactly one frame, whatever the network did. Every 20 ms, by the pacer (`PacedCall.hear`). */
  tick(_nowMs: number): void {}

  /** Since the last valid packet; since the first tick when none came yet. */
  msSinceLastPacket(_nowMs: number): number {
    throw new Error('not written yet');
  }

  /** Samples emitted so far: the sample clock. */
  get samplesEmitted(): number {
    throw new Error('not written yet');
  }

  /** Between `speech_started` and `speech_stopped`. */
  get speaking(): boolean {
    throw new Error('not written yet');
  }

  stats(): MicrophoneStats {
    throw new Error('not written yet');
  }

  /** Nothing is emitted after it. Idempotent. */
  close(): void {}
}
