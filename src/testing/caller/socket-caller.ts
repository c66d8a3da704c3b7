import { PROTOCOL_VERSION, type JoinAnswer } from '../../media/protocol.ts';
import { FrameClock } from './frame-clock.ts';
import { OggVoice } from './ogg-voice.ts';
import { encodeRoomNoise, type OpusFrames } from './opus-recording.ts';
import { type RecordedEvent, SignalingClient, type SignalingOptions } from './signaling-client.ts';

/** A browser's recorder gives out so many frames at a time. */
const FRAMES_PER_CHUNK = 3;
/** How much a page keeps before it begins to play. */
const LEAD_MS = 120;
const MP3_FRAME_MS = 24;
const SHORT_SILENCE_MS = 350;
/** Silence at the beginning of the stream: the encoder's and the decoder's. */
const CODEC_DELAY_MS = 46;
const REPORT_EVERY_FRAMES = 10;

export interface SocketCallerOptions extends SignalingOptions {
  /** Shared by the callers of a process; one of its own when absent. */
  readonly frameClock?: FrameClock;
  /** The tutor's first sound is heard. */
  readonly onHeard?: () => void;
}

/** A caller whose voice goes over the socket: records, plays and reports as the page does. */
export class SocketCaller {
  readonly signaling: SignalingClient;
  readonly joined: JoinAnswer;
  /** The tutor's MP3, as it came. */
  readonly sound: Uint8Array[] = [];
  /** `performance.now()` when the first sound was heard. */
  firstHeardAtMs: number | undefined;
  /** `performance.now()` whenever sound began to play after a silence. */
  readonly beginningsMs: number[] = [];
  /** Silences too short to be a turn's end: nothing was there in the middle of the tutor's words. */
  underruns = 0;
  #endedAtMs = -Infinity;
  #stream = 0;
  /** What came while the voice is being opened. */
  #early: RecordedEvent[] | undefined;
  readonly #stopTicking: () => void;
  readonly #onHeard: (() => void) | undefined;
  readonly #room = encodeRoomNoise(1_000);
  #ogg = new OggVoice();
  #chunk: Uint8Array[] = [];
  #speech:
    | { readonly frames: OpusFrames; index: number; readonly loop: boolean; readonly spoken: () => void }
    | undefined;
  #roomIndex = 0;
  #ticks = 0;
  #receivedMs = 0;
  #playedMs = 0;
  #playing = false;
  #paused = false;

  private constructor(options: SocketCallerOptions, signaling: SignalingClient, joined: JoinAnswer) {
    const { frameClock = new FrameClock(), onHeard } = options;
    this.#onHeard = onHeard;
    this.signaling = signaling;
    this.joined = joined;
    signaling.onEvent((event) => this.#take(event));
    this.#stopTicking = frameClock.every20Ms(() => this.#tick());
  }

  static async dial(options: SocketCallerOptions): Promise<SocketCaller> {
    const signaling = await SignalingClient.connect(options);
    const joined = await signaling.request('call:join', { protocol: PROTOCOL_VERSION, keep_transports: false });
    const caller = new SocketCaller(options, signaling, joined);
    await caller.openVoice();
    return caller;
  }

  /** Of the tutor's stream, decoded. */
  get playedMs(): number {
    return this.#playedMs;
  }

  /** A recorder begins, or another one. */
  async openVoice(): Promise<void> {
    // What comes together with the answer belongs to the stream that it names.
    const early = (this.#early ??= []);
    try {
      const { stream } = await this.signaling.request('voice:open', { container: 'ogg' });
      if (stream !== this.#stream) {
        this.#receivedMs = 0;
        this.#playedMs = 0;
        this.#playing = false;
      }
      this.#stream = stream;
    } finally {
      this.#early = undefined;
      for (const event of early) this.#take(event);
    }
    this.#ogg = new OggVoice();
    this.#send(this.#ogg.headers());
  }

  async closeVoice(): Promise<void> {
    await this.signaling.request('voice:close', {});
    this.#stream = 0;
  }

  /** Says the frames (Opus, 20 ms each) in real time; resolves after the last one. */
  speak(frames: OpusFrames): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#speech = { frames, index: 0, loop: false, spoken: resolve };
    return promise;
  }

  /** Says the frames again and again. */
  speakForEver(frames: OpusFrames, from = 0): void {
    this.#speech = { frames, index: from % frames.length, loop: true, spoken: () => {} };
  }

  async hangUp(): Promise<void> {
    await this.signaling.request('call:hang-up', {});
  }

  /** Idempotent. */
  close(): void {
    this.#stopTicking();
    this.#speech?.spoken();
    this.signaling.close();
  }

  #take(event: RecordedEvent): void {
    if (this.#early) return void this.#early.push(event);
    const { name, payload } = event;
    if (!name.startsWith('voice:') || (payload as { stream: number }).stream !== this.#stream) return;
    if (name === 'voice:sound') {
      this.sound.push(payload.bytes);
      // 48 kbit/s: 6 bytes a millisecond.
      this.#receivedMs += payload.bytes.length / 6;
    } else if (name === 'voice:pause') {
      this.#paused = true;
      this.#report();
    } else if (name === 'voice:resume') this.#paused = false;
    else if (name === 'voice:drop') {
      this.#paused = false;
      this.#playedMs = Math.max(this.#playedMs, payload.before_ms);
      this.#playing = false;
    }
  }

  #tick(): void {
    if (this.#stream === 0) return;
    this.#record();
    this.#play();
  }

  #record(): void {
    this.#chunk.push(this.#nextFrame());
    if (this.#chunk.length < FRAMES_PER_CHUNK) return;
    this.#send(this.#ogg.page(this.#chunk));
    this.#chunk = [];
  }

  #send(bytes: Uint8Array): void {
    this.signaling.emitRaw('voice:chunk', { stream: this.#stream, bytes });
  }

  #play(): void {
    if (this.#paused) return;
    const bufferedMs = this.#receivedMs - this.#playedMs;
    if (!this.#playing) {
      if (bufferedMs < LEAD_MS) return;
      this.#playing = true;
      const nowMs = performance.now();
      if (nowMs - this.#endedAtMs < SHORT_SILENCE_MS) this.underruns += 1;
      else this.beginningsMs.push(nowMs + CODEC_DELAY_MS);
      this.#report();
    }
    if (bufferedMs < MP3_FRAME_MS) {
      this.#playing = false;
      this.#endedAtMs = performance.now();
      // In the end of a sound what is left is less than a frame of the codec.
      return this.#report();
    }
    this.#playedMs += 20;
    if (this.firstHeardAtMs === undefined && this.#playedMs >= CODEC_DELAY_MS) {
      this.firstHeardAtMs = performance.now();
      this.#onHeard?.();
    }
    if (++this.#ticks % REPORT_EVERY_FRAMES === 0) this.#report();
  }

  #report(): void {
    this.signaling.emitRaw('voice:played', { stream: this.#stream, played_ms: this.#playedMs });
  }

  #nextFrame(): Uint8Array {
    const speech = this.#speech;
    const frame = speech?.frames[speech.index++];
    if (!speech || !frame) return this.#room[this.#roomIndex++ % this.#room.length]!;
    if (speech.index >= speech.frames.length) {
      if (speech.loop) speech.index = 0;
      else {
        this.#speech = undefined;
        speech.spoken();
      }
    }
    return frame;
  }
}
