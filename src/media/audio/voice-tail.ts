import { WINDOW_SAMPLES } from './speech-gate.ts';

/** The sound's level is kept in pieces of 8 ms. */
const PIECE_SAMPLES = 128;
const PIECES_A_WINDOW = WINDOW_SAMPLES / PIECE_SAMPLES;
/** 512 ms: the model's delay, and what is looked back over. */
const PIECES = 64;
/** The model goes on with a voice for about two windows after its end. */
const MAX_TAIL_PIECES = 3 * PIECES_A_WINDOW;
/** Below this share of the voice's level (−22 dB) a piece is no voice. */
const QUIET_SHARE = 0.08;
/** The voice's level falls by half in a third of a second. */
const LEVEL_DECAY = 0.983;

/**
 * Where a voice truly ended. The model judges windows of 32 ms and holds a voice on for some of them; the sound's own level
 * tells the end to 8 ms. Where the room is nearly as loud as the voice it tells nothing, and the model's word stands.
 */
export class VoiceTail {
  readonly #levels = new Float32Array(PIECES);
  #pieces = 0;
  #sum = 0;
  #filled = 0;
  #voiceLevel = 0;

  /** The next samples of the stream, as magnitudes of −32 768…32 767. */
  push(magnitude: number): void {
    this.#sum += magnitude;
    if (++this.#filled < PIECE_SAMPLES) return;
    const level = this.#sum / PIECE_SAMPLES;
    this.#levels[this.#pieces++ % PIECES] = level;
    this.#voiceLevel = Math.max(level, this.#voiceLevel * LEVEL_DECAY);
    this.#sum = 0;
    this.#filled = 0;
  }

  /** @param atSample where the model says that the silence began. Returns where the sound says so, not later. */
  endOf(atSample: number): number {
    const quiet = this.#voiceLevel * QUIET_SHARE;
    let piece = Math.floor(atSample / PIECE_SAMPLES);
    const first = Math.max(piece - MAX_TAIL_PIECES, this.#pieces - PIECES, 0);
    while (piece > first && this.#levels[(piece - 1) % PIECES]! < quiet) piece--;
    return piece === first ? atSample : Math.min(atSample, piece * PIECE_SAMPLES);
  }
}
