import { Mp3Frames, SAMPLES_PER_MP3_FRAME } from './mp3-frames.ts';

/** Decoded again with every piece, so that a piece begins as if it had not been cut. */
const OVERLAP_FRAMES = 6;
/** Kept back before the first sound; more after each time that nothing was there. */
const FIRST_LEAD_SEC = 0.12;
const MAX_LEAD_SEC = 0.4;
const LONGER_SEC = 0.08;
const REPORT_EVERY_MS = 200;

/** A piece of sound on the context's timeline. */
interface Piece {
  readonly node: AudioBufferSourceNode;
  readonly startSec: number;
  readonly endSec: number;
  /** In the stream, decoded, from its beginning. */
  readonly positionSec: number;
}

export interface Mp3PlayerOptions {
  /** Of the stream: Hz, mono. */
  readonly sampleRate: number;
  /** So much of the stream has been heard, in ms. */
  readonly onPlayed: (playedMs: number) => void;
}

/**
 * Plays a stream of MP3 as it comes, without gaps: each piece is decoded together with what came before it, cut to
 * the sample, and put on the audio clock right behind the one before. The sound comes out of `track`.
 */
export class Mp3Player {
  readonly #options: Mp3PlayerOptions;
  readonly #context: AudioContext;
  readonly #output: MediaStreamAudioDestinationNode;
  readonly #frames = new Mp3Frames();
  readonly #timer: ReturnType<typeof setInterval>;
  #overlap: readonly Uint8Array[] = [];
  #decoding: Promise<void> = Promise.resolve();
  #framesSeen = 0;
  #pieces: Piece[] = [];
  #leadSec = FIRST_LEAD_SEC;
  /** Where the next piece goes; in the past when nothing plays. */
  #nextSec = 0;
  #dropBeforeSec = 0;
  #playedSec = 0;
  #reportedSec = 0;
  #paused = false;
  #closed = false;

  constructor(options: Mp3PlayerOptions) {
    this.#options = options;
    this.#context = new AudioContext({ sampleRate: options.sampleRate, latencyHint: 'interactive' });
    this.#output = this.#context.createMediaStreamDestination();
    void this.#context.resume().catch(() => undefined);
    this.#timer = setInterval(() => this.#report(), REPORT_EVERY_MS);
  }

  get track(): MediaStreamTrack | undefined {
    return this.#output.stream.getAudioTracks()[0];
  }

  /** The next bytes, cut anywhere. */
  push(bytes: Uint8Array): void {
    const fresh = this.#frames.push(bytes);
    if (fresh.length === 0) return;
    const whole = joined([...this.#overlap, ...fresh]);
    const firstFrame = this.#framesSeen;
    this.#framesSeen += fresh.length;
    this.#overlap = [...this.#overlap, ...fresh].slice(-OVERLAP_FRAMES);
    this.#decoding = this.#decoding.then(async () => {
      if (this.#closed) return;
      try {
        this.#schedule(await this.#context.decodeAudioData(whole), firstFrame, fresh.length);
      } catch (error) {
        // A piece that cannot be decoded is a silence of its length.
        console.warn('A piece of the tutor’s voice could not be decoded', error);
      }
    });
  }

  /** Silent at once; what is there stays. */
  pause(): void {
    this.#paused = true;
    // What was heard up to now is what the other side wants to know.
    void this.#context.suspend().then(
      () => this.#report(),
      () => undefined,
    );
  }

  resume(): void {
    this.#paused = false;
    void this.#context.resume().catch(() => undefined);
  }

  /** What lies before this position of the stream is never heard. Ends a pause. */
  drop(beforeMs: number): void {
    this.#dropBeforeSec = Math.max(this.#dropBeforeSec, beforeMs / 1_000);
    for (const { node } of this.#pieces) node.stop();
    this.#pieces = [];
    this.#nextSec = 0;
    this.#playedSec = Math.max(this.#playedSec, this.#dropBeforeSec);
    this.#reportedSec = this.#playedSec;
    this.resume();
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { node } of this.#pieces) node.stop();
    this.#pieces = [];
    this.track?.stop();
    void this.#context.close().catch(() => undefined);
  }

  #schedule(decoded: AudioBuffer, firstFrame: number, frames: number): void {
    if (this.#closed) return;
    const { sampleRate } = this.#context;
    const perFrame = (SAMPLES_PER_MP3_FRAME / this.#options.sampleRate) * sampleRate;
    // Some decoders leave the first samples out; the last ones are always there.
    let length = Math.min(decoded.length, Math.round(frames * perFrame));
    let positionSec = ((firstFrame + frames) * perFrame - length) / sampleRate;
    const dropped = Math.min(length, Math.round((this.#dropBeforeSec - positionSec) * sampleRate));
    if (dropped > 0) {
      length -= dropped;
      positionSec += dropped / sampleRate;
    }
    if (length <= 0) return;
    const sound = decoded.getChannelData(0).subarray(decoded.length - length);
    const buffer = this.#context.createBuffer(1, length, sampleRate);
    buffer.copyToChannel(sound, 0);
    const node = new AudioBufferSourceNode(this.#context, { buffer });
    node.connect(this.#output);
    const startSec = this.#startOf();
    const endSec = startSec + length / sampleRate;
    node.start(startSec);
    // The other side wants to know when a sound begins.
    if (startSec !== this.#nextSec)
      setTimeout(() => this.#report(), (startSec - this.#context.currentTime) * 1_000 + 40);
    this.#nextSec = endSec;
    this.#pieces.push({ node, startSec, endSec, positionSec });
  }

  /** Right behind the piece before, or, where nothing plays, a little later. */
  #startOf(): number {
    const nowSec = this.#context.currentTime;
    if (this.#nextSec >= nowSec) return this.#nextSec;
    const late = nowSec - this.#nextSec;
    // Late by little: in the middle of words, so that more should have been kept back.
    if (this.#nextSec > 0 && late < 0.5) this.#leadSec = Math.min(MAX_LEAD_SEC, this.#leadSec + LONGER_SEC);
    // Whole samples: what is between two of them would be interpolated.
    return Math.ceil((nowSec + this.#leadSec) * this.#context.sampleRate) / this.#context.sampleRate;
  }

  #report(): void {
    const latencySec = this.#context.outputLatency || this.#context.baseLatency || 0;
    const nowSec = this.#context.currentTime - (this.#paused ? 0 : latencySec);
    for (const { startSec, endSec, positionSec } of this.#pieces) {
      if (startSec > nowSec) break;
      this.#playedSec = positionSec + Math.min(nowSec, endSec) - startSec;
    }
    this.#pieces = this.#pieces.filter(({ endSec }) => endSec > nowSec);
    if (this.#playedSec === this.#reportedSec || this.#closed) return;
    this.#reportedSec = this.#playedSec;
    this.#options.onPlayed(this.#playedSec * 1_000);
  }
}

function joined(frames: readonly Uint8Array[]): ArrayBuffer {
  const whole = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const frame of frames) {
    whole.set(frame, at);
    at += frame.length;
  }
  return whole.buffer;
}
