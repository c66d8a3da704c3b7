import { Microphone, type MicrophoneStats } from '../audio/microphone.ts';
import type { OpusCodec } from '../audio/opus.ts';
import type { Pacer } from '../audio/pacer.ts';
import { Speaker, type SpeakerStats } from '../audio/speaker.ts';
import type { VoiceDetector, VoiceEvent, VoiceSettings } from '../audio/voice-types.ts';
import type { Tap } from '../sfu/tap.ts';
import type { Clock } from '../../platform/clock.ts';
import type { VoiceActivity } from './conversation.ts';
import type { CallRecorder, SocketVoicePort } from './ports.ts';

export interface CallVoiceOptions {
  readonly tap: Tap;
  readonly codec: OpusCodec;
  readonly detector: VoiceDetector;
  readonly pacer: Pacer;
  readonly clock: Clock;
  readonly voice?: VoiceSettings;
}

export interface VoiceListener {
  /** 320 samples, 16 kHz mono, one each 20 ms; the array is used again. */
  readonly onFrame: (frame: Int16Array) => void;
  readonly onVoice: (activity: VoiceActivity) => void;
}

/**
 * Of the Opus encoder, 0…10. Encoding is a third of what a call costs: 90 µs a frame at 3, 115 µs at 5
 * (`./ailingva bench audio`), for a difference that a synthesized voice at 24 kbit/s hardly shows.
 */
const VOICE_COMPLEXITY = 3;
const FRAME_MS = 20;
/** Samples in one millisecond at 16 kHz. */
const SAMPLES_PER_MS = 16;

/** One call's ear and mouth: joins the tap to the microphone and the speaker, on the process's one metronome. */
export class CallVoice {
  readonly speaker: Speaker;
  readonly #options: CallVoiceOptions;
  readonly #microphone: Microphone;
  #listener: VoiceListener | undefined;
  #recorder: CallRecorder | undefined;
  #leavePacer: (() => void) | undefined;
  #slotMs = 0;
  #closed = false;

  constructor(options: CallVoiceOptions) {
    const { tap, codec, detector, clock, voice } = options;
    this.#options = options;
    this.speaker = new Speaker({
      codec,
      ssrc: tap.ssrc,
      payloadType: tap.payloadType,
      complexity: VOICE_COMPLEXITY,
      send: (packet) => tap.send(packet),
      onPlayed: (atMs, sound) => this.#recorder?.tutor(atMs, sound),
    });
    this.#microphone = new Microphone({
      codec,
      detector,
      ...(voice && { voice }),
      onFrame: (frame, _index, origin) => {
        this.#recorder?.learner(this.#slotMs - this.#microphone.lagMs - FRAME_MS, origin);
        this.#listener?.onFrame(frame);
      },
      onVoice: (event) => this.#onVoice(event),
    });
    tap.onPacket((packet) => this.#microphone.receive(packet, clock.monotonicMs()));
  }

  connect(listener: VoiceListener): void {
    this.#listener = listener;
  }

  /** From now on a frame is heard each 20 ms and what the speaker holds is sent. Idempotent. */
  start(): void {
    if (this.#closed || this.#leavePacer) return;
    this.#leavePacer = this.#options.pacer.add({
      send: (slotMs) => this.speaker.send(slotMs),
      hear: (slotMs) => {
        this.#slotMs = slotMs;
        this.#recorder?.advance(slotMs);
        this.#microphone.tick(slotMs);
      },
      prepare: (slotMs) => this.speaker.prepare(slotMs),
    });
  }

  /** Both sides are kept from now on. The recorder stays its owner's. */
  recordBy(recorder: CallRecorder | undefined): void {
    this.#recorder = recorder;
  }

  /** Both directions go over the socket from now on, or by RTP again. What was on its way to the learner goes again. */
  useSocket(socket: SocketVoicePort | undefined): void {
    if (this.#closed) return;
    this.#microphone.listenTo(socket?.queue);
    this.speaker.useOutlet(socket?.mouth, this.#options.clock.monotonicMs());
  }

  stats(): { readonly microphone: MicrophoneStats; readonly speaker: SpeakerStats } {
    return { microphone: this.#microphone.stats(), speaker: this.speaker.stats() };
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leavePacer?.();
    this.#microphone.close();
    this.speaker.close();
  }

  #onVoice(event: VoiceEvent): void {
    this.#listener?.onVoice(this.#toActivity(event));
  }

  #toActivity(event: VoiceEvent): VoiceActivity {
    const atMs = this.#options.clock.monotonicMs();
    if (event.type === 'speech_resumed') return { type: event.type, atMs };
    // When it was said, not when it was taken out of the jitter buffer: silence is counted from its true beginning.
    const heardMs = this.#slotMs - this.#microphone.lagMs;
    const sampleMs = heardMs - (this.#microphone.samplesEmitted - event.atSample) / SAMPLES_PER_MS;
    if (event.type !== 'speech_started') return { type: event.type, atMs, silentSinceMs: sampleMs };
    return { type: event.type, atMs, voicedSinceMs: sampleMs, prefixMs: event.prefixSamples / SAMPLES_PER_MS };
  }
}
