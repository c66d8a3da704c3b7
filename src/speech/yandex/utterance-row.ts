import type { StreamingResponse } from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt';

import type { Clock } from '../../platform/clock.ts';
import type { TranscriptionEvent } from '../engine.ts';
import type { RecognitionLimits } from './recognition-limits.ts';
import type { RecognitionSession } from './recognition-session.ts';
import { Utterance } from './utterance.ts';

/** After so many finals without a refinement in time, nobody waits for the next one. */
const MAX_MISSED_REFINEMENTS = 2;

export interface UtteranceRowOptions {
  /** Who decides that an utterance is over: `caller` asks for each final, `service` listens for the end itself. */
  readonly endpointing: 'caller' | 'service';
  readonly refinements: boolean;
  readonly limits: RecognitionLimits;
  readonly clock: Clock;
  readonly emit: (event: TranscriptionEvent) => void;
  /** @returns whether the end that a session noticed is only its own, and the utterance goes on elsewhere. */
  readonly goesOn: (utterance: Utterance) => boolean;
  /** A final has left. */
  readonly onAnswered: () => void;
  /** Words were heard, and their final did not come in time. */
  readonly onLate: () => void;
}

/** The utterances without a final, oldest first, each with the session that hears it; only the last may still be spoken. */
export class UtteranceRow {
  readonly #options: UtteranceRowOptions;
  readonly #utterances: Utterance[] = [];
  readonly #homes = new Map<Utterance, RecognitionSession>();
  #missedRefinements = 0;

  constructor(options: UtteranceRowOptions) {
    this.#options = options;
  }

  begin(session: RecognitionSession): Utterance {
    const utterance = new Utterance();
    this.#utterances.push(utterance);
    this.#homes.set(utterance, session);
    return utterance;
  }

  /** The speaker has stopped. */
  stop(utterance: Utterance): void {
    const { clock, limits } = this.#options;
    utterance.stoppedAtMs = clock.monotonicMs();
    utterance.finalTimer = clock.after(limits.finalDeadlineMs, () => this.#finalIsLate(utterance));
  }

  homeOf(utterance: Utterance): RecognitionSession | undefined {
    return this.#homes.get(utterance);
  }

  of(session: RecognitionSession): Utterance[] {
    return this.#utterances.filter((utterance) => this.#homes.get(utterance) === session);
  }

  /** `utterance` leaves `from`, and those that began after it with it; those before it have heard all they will. */
  move(utterance: Utterance, from: RecognitionSession, to: RecognitionSession): void {
    const left = this.of(from);
    const place = left.indexOf(utterance);
    this.concludeAll(left.slice(0, place));
    for (const moved of left.slice(place)) this.#homes.set(moved, to);
  }

  receive(session: RecognitionSession, response: StreamingResponse): void {
    const { partial, final, eouUpdate, finalRefinement, audioCursors } = response;
    const [said] = (partial ?? final)?.alternatives ?? [];
    const current = this.#hearer(session, said?.words[0]?.startTimeMs);
    if (finalRefinement) this.#refine(session, finalRefinement);
    else if (!current) return;
    else if (partial) {
      const text = current.takePartial(partial.alternatives[0]?.text ?? '');
      if (text === undefined) return;
      current.endedByService = false;
      if (current === this.#utterances[0]) this.#options.emit({ type: 'partial', text });
    } else if (final) current.takeFinal(audioCursors?.finalIndex ?? 0, final);
    else if (eouUpdate && (eouUpdate.timeMs === 0 || eouUpdate.timeMs >= current.startedAtMs)) {
      // One of before its beginning is of an utterance that was given up.
      this.#endWasNoticed(current, audioCursors?.receivedDataMs ?? Infinity);
    }
  }

  /**
   * Whom an answer is about. Where the service finds the ends it may have found one before the speaker's stop was noticed, and
   * has nothing more to say of that utterance: words that begin in the next one conclude it.
   */
  #hearer(session: RecognitionSession, wordsFromMs: number | undefined): Utterance | undefined {
    const waiting = this.of(session).filter((utterance) => !utterance.concluded);
    if (this.#options.endpointing === 'caller' || wordsFromMs === undefined) return waiting[0];
    for (let next = waiting[1]; next && wordsFromMs >= next.startedAtMs; next = waiting[1]) {
      const [over] = waiting.splice(0, 1);
      if (over) this.concludeAll([over]);
    }
    return waiting[0];
  }

  /** Their session says no more: what it said of them is all that it understood. */
  concludeAll(utterances: readonly Utterance[]): void {
    for (const utterance of utterances) {
      if (utterance.stoppedAtMs !== undefined) this.conclude(utterance);
    }
  }

  /** All its finals are here; their refinements may follow. */
  conclude(utterance: Utterance): void {
    if (utterance.concluded) return;
    utterance.concluded = true;
    utterance.finalTimer?.cancel();
    const { refinements, clock, limits } = this.#options;
    const patient = refinements && this.#missedRefinements < MAX_MISSED_REFINEMENTS;
    if (!patient || utterance.allRefined || this.homeOf(utterance)?.ended !== false) {
      this.#answer(utterance);
      return;
    }
    utterance.refinementTimer = clock.after(limits.refinementDeadlineMs, () => {
      this.#missedRefinements++;
      this.#answer(utterance);
    });
  }

  cancelTimers(): void {
    for (const utterance of this.#utterances) utterance.cancelTimers();
  }

  #refine(session: RecognitionSession, refinement: NonNullable<StreamingResponse['finalRefinement']>): void {
    this.#missedRefinements = 0;
    for (const utterance of this.of(session)) {
      if (!utterance.takeRefinement(refinement.finalIndex, refinement)) continue;
      if (utterance.concluded && utterance.allRefined) this.#answer(utterance);
      return;
    }
  }

  #endWasNoticed(utterance: Utterance, receivedMs: number): void {
    const { endpointing, goesOn, emit } = this.#options;
    if (goesOn(utterance)) return;
    if (endpointing === 'caller' || receivedMs >= utterance.spokenUntilMs) {
      if (utterance.stoppedAtMs !== undefined) this.conclude(utterance);
    } else if (utterance.heardAnything) {
      utterance.endedByService = true;
      if (utterance === this.#utterances[0]) emit({ type: 'end_of_utterance' });
    }
  }

  /** Finals leave in the order of their utterances. */
  #answer(utterance: Utterance): void {
    utterance.done = true;
    utterance.cancelTimers();
    for (let first = this.#utterances[0]; first?.done; first = this.#utterances[0]) {
      this.#utterances.shift();
      this.#homes.delete(first);
      this.#options.emit({ type: 'final', ...first.result() });
    }
    this.#options.onAnswered();
  }

  /** Where nothing was said there may be nothing to answer; where words were, they are lost. */
  #finalIsLate(utterance: Utterance): void {
    const lastHeardAtMs = this.homeOf(utterance)?.lastHeardAtMs ?? -1;
    if (!utterance.heardAnything && lastHeardAtMs >= (utterance.stoppedAtMs ?? Infinity)) this.conclude(utterance);
    else this.#options.onLate();
  }
}
