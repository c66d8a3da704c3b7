import { ENGINE_FRAME_SAMPLES, type TranscriptionStream } from '../engine.ts';

const FRAME_MS = 20;
/** As far back as an utterance may begin before it is noticed. */
const PRE_ROLL_FRAMES = 1_000 / FRAME_MS;

type Entry =
  | { readonly type: 'frame'; readonly samples: Int16Array }
  | { readonly type: 'start'; readonly prefixMs: number }
  | { readonly type: 'end' };

/**
 * What an ear was given and has not answered with a final: another ear that gets the same again loses no word and doubles
 * none. Bounded: of a speech that is longer, the beginning goes.
 */
export class ReplayLog {
  readonly #maxFrames: number;
  readonly #entries: Entry[] = [];
  #frames = 0;
  #speaking = false;
  /** Utterances that have ended and wait for their final. */
  #due = 0;

  constructor(maxMs: number) {
    this.#maxFrames = Math.max(PRE_ROLL_FRAMES, Math.floor(maxMs / FRAME_MS));
  }

  /** Nothing was said that is not answered. */
  get idle(): boolean {
    return !this.#speaking && this.#due === 0;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  get due(): number {
    return this.#due;
  }

  /** Copies it: the array is used again. */
  write(frame: Int16Array): void {
    const most = this.idle ? PRE_ROLL_FRAMES : this.#maxFrames;
    let samples: Int16Array | undefined;
    while (this.#frames >= most) samples = this.#dropFrame();
    samples ??= new Int16Array(ENGINE_FRAME_SAMPLES);
    samples.set(frame);
    this.#entries.push({ type: 'frame', samples });
    this.#frames += 1;
  }

  start(prefixMs: number): void {
    if (this.#speaking) return;
    this.#speaking = true;
    this.#entries.push({ type: 'start', prefixMs });
  }

  end(): void {
    if (!this.#speaking) return;
    this.#speaking = false;
    this.#due += 1;
    this.#entries.push({ type: 'end' });
  }

  /** The utterance that is over has nothing left to be said of it. */
  waive(): void {
    if (this.#due > 0) this.#answered();
  }

  /** The oldest utterance was answered; one that still goes on, by the engine's own judgement: what follows is another. */
  final(): void {
    if (this.#due > 0) return this.#answered();
    this.#forget(this.#entries.length);
    if (this.#speaking) this.#entries.push({ type: 'start', prefixMs: 0 });
  }

  replay(stream: TranscriptionStream): void {
    for (const entry of this.#entries) {
      if (entry.type === 'frame') stream.write(entry.samples);
      else if (entry.type === 'start') stream.startUtterance(entry.prefixMs);
      else stream.endUtterance();
    }
  }

  /** Of audio that `replay` writes. */
  get lengthMs(): number {
    return this.#frames * FRAME_MS;
  }

  #answered(): void {
    this.#due -= 1;
    this.#forget(this.#entries.findIndex(({ type }) => type === 'end') + 1);
  }

  /** Marks go; the last frames stay, for the prefix of the next utterance. */
  #forget(count: number): void {
    const frames = this.#entries.splice(0, count).filter(({ type }) => type === 'frame');
    const kept = frames.slice(-PRE_ROLL_FRAMES);
    this.#entries.unshift(...kept);
    this.#frames -= frames.length - kept.length;
  }

  #dropFrame(): Int16Array | undefined {
    const at = this.#entries.findIndex(({ type }) => type === 'frame');
    const [entry] = this.#entries.splice(at, 1);
    this.#frames -= 1;
    return entry?.type === 'frame' ? entry.samples : undefined;
  }
}
