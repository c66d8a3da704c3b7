import type { StreamingResponse } from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt';

import type { Timer } from '../../platform/clock.ts';
import { cutBeforeLastWord, type FinalResult, type HeardText, heardOf, joinHeard } from './heard-text.ts';

const BYTES_PER_MS = 32;
/** Where no word was understood for minutes, only the last seconds may hold the beginning of one. */
const MAX_UNDERSTOOD_NOTHING_MS = 15_000;

interface SentAudio {
  /** The session's time at which it begins. */
  readonly atMs: number;
  readonly data: Buffer;
}

/**
 * One utterance as a session hears it: its finals, and the audio since the last of them, which another session would have
 * to hear again. A session that must be left amid it hands it on: then what is settled is kept as text.
 */
export class Utterance {
  /** Settled by earlier sessions. */
  readonly #settled: HeardText[] = [];
  #finals: FinalResult[] = [];
  /** Added to the session's time, it is the utterance's. */
  #shiftMs = 0;
  #audio: SentAudio[] = [];
  #partial = '';
  /** The session's time at which it, or its rest, began; before that it has not come there. */
  startedAtMs = Infinity;
  audioSent = false;
  /** The speaker has stopped: when, on the clock, and in the session's time. */
  stoppedAtMs: number | undefined;
  spokenUntilMs = Infinity;
  /** The session has given all finals. */
  concluded = false;
  /** Answered, whatever still comes. */
  done = false;
  /** The service thinks that the speaker has finished. */
  endedByService = false;
  /** Words were seen in it, final or not. */
  heardAnything = false;
  finalTimer: Timer | undefined;
  emptyTimer: Timer | undefined;
  refinementTimer: Timer | undefined;

  /** It goes on in a session whose time is `sessionMs` now, with what follows `utteranceMs` of it. */
  enter(sessionMs: number, utteranceMs = 0): void {
    this.#shiftMs = utteranceMs - sessionMs;
    this.startedAtMs = sessionMs;
    this.concluded = false;
  }

  keepAudio(atMs: number, data: Buffer): void {
    this.audioSent = true;
    this.#audio.push({ atMs, data });
  }

  /** @returns the text so far when it has changed. */
  takePartial(text: string): string | undefined {
    if (text.trim() === '') return undefined;
    this.heardAnything = true;
    const all = joinHeard([...this.#pieces(), { text: text.trim() }]).text;
    if (all === this.#partial) return undefined;
    this.#partial = all;
    return all;
  }

  takeFinal(index: number, final: NonNullable<StreamingResponse['final']>): void {
    const [raw] = final.alternatives;
    if (!raw) return;
    if (raw.text.trim() !== '') this.heardAnything = true;
    // The last final's audio is kept: its last word may be one that is cut in its middle.
    this.#forgetAudio(this.#finals.at(-1)?.raw.endTimeMs ?? 0);
    this.#finals.push({ index, raw });
  }

  /** @returns whether a final of this index is here. */
  takeRefinement(index: number, refinement: StreamingResponse['finalRefinement']): boolean {
    const final = this.#finals.find((candidate) => candidate.index === index);
    const [refined] = refinement?.normalizedText?.alternatives ?? [];
    if (!final || !refined) return false;
    final.refined = refined;
    return true;
  }

  get allRefined(): boolean {
    return this.#finals.every(({ raw, refined }) => refined !== undefined || raw.text.trim() === '');
  }

  result(): HeardText {
    return joinHeard(this.#pieces());
  }

  /**
   * The session has said all it will, in answer to an end that the speaker did not make. What is certain is settled.
   * @returns the audio that the next session hears again, and at which place of the utterance that begins.
   */
  handOn(): { readonly again: readonly Buffer[]; readonly utteranceMs: number } {
    const last = this.#finals.at(-1);
    const fromMs = this.#finals.at(-2)?.raw.endTimeMs ?? this.#audio[0]?.atMs ?? this.startedAtMs;
    let againFromMs = Math.max(fromMs, this.#audioUntilMs() - MAX_UNDERSTOOD_NOTHING_MS);
    if (last && last.raw.text.trim() !== '') {
      const cut = cutBeforeLastWord(last.raw, fromMs);
      againFromMs = cut.againFromMs;
      this.#finals[this.#finals.length - 1] = { index: last.index, raw: cut.kept };
    }
    this.#settled.push(...this.#finals.map((final) => heardOf(final, this.#shiftMs)));
    this.#finals = [];
    const again = this.#audioSince(againFromMs);
    this.#audio = [];
    return { again, utteranceMs: againFromMs + this.#shiftMs };
  }

  cancelTimers(): void {
    this.finalTimer?.cancel();
    this.emptyTimer?.cancel();
    this.refinementTimer?.cancel();
  }

  #pieces(): HeardText[] {
    return [...this.#settled, ...this.#finals.map((final) => heardOf(final, this.#shiftMs))];
  }

  #audioUntilMs(): number {
    const last = this.#audio.at(-1);
    return last ? last.atMs + last.data.length / BYTES_PER_MS : this.startedAtMs;
  }

  #forgetAudio(untilMs: number): void {
    const first = this.#audio.findIndex(({ atMs, data }) => atMs + data.length / BYTES_PER_MS > untilMs);
    this.#audio = first < 0 ? [] : this.#audio.slice(first);
  }

  /** Cut to the sample. */
  #audioSince(fromMs: number): Buffer[] {
    this.#forgetAudio(fromMs);
    return this.#audio.map(({ atMs, data }) =>
      atMs >= fromMs ? data : data.subarray(2 * Math.floor(((fromMs - atMs) * BYTES_PER_MS) / 2)),
    );
  }
}
