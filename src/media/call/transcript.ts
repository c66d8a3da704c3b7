import type { AssessedWord, TutorMessage } from '../../speech/engine.ts';
import type { Caption, TurnLatency } from '../protocol.ts';
import type { TurnRecord, TurnStage } from './ports.ts';

/** The turns of one call in order: what the page shows, the tutor remembers and the database keeps. */
export class Transcript {
  readonly #turns: TurnRecord[];

  constructor(earlier: readonly TurnRecord[] = []) {
    this.#turns = [...earlier];
  }

  /** The ordinal that the next turn will get. */
  get next(): number {
    return (this.#turns.at(-1)?.ordinal ?? -1) + 1;
  }

  /** Adds the turn, or replaces the one of the same ordinal. */
  put(turn: TurnRecord): void {
    const at = this.#turns.findIndex(({ ordinal }) => ordinal === turn.ordinal);
    if (at === -1) this.#turns.push(turn);
    else this.#turns[at] = turn;
  }

  /** The learner went on with a turn that was already taken as whole: it is open again. */
  reopen(ordinal: number): void {
    const at = this.#turns.findIndex((turn) => turn.ordinal === ordinal);
    if (at !== -1) this.#turns.splice(at, 1);
  }

  /** What the tutor is told of the past: only words that were heard. */
  history(): TutorMessage[] {
    return this.#turns
      .filter(({ heardText }) => heardText !== '')
      .map(({ speaker, heardText }) => ({ speaker, text: heardText }));
  }

  captions(): Caption[] {
    return this.#turns.map((turn) => toCaption(turn));
  }
}

export function toCaption(turn: TurnRecord): Caption {
  return {
    turn: turn.ordinal,
    speaker: turn.speaker,
    text: turn.text,
    final: true,
    ...(turn.speaker === 'tutor' && { heard_length: turn.heardText.length, interrupted: turn.interrupted }),
    ...(turn.words && { words: turn.words.map(toCaptionWord) }),
  };
}

export function toCaptionWord({ text, mark, heard }: AssessedWord): NonNullable<Caption['words']>[number] {
  return { text, mark, ...(heard !== undefined && { heard }) };
}

export function toLatency(ordinal: number, stages: Readonly<Partial<Record<TurnStage, number>>>): TurnLatency {
  const entries = Object.entries(stages).map(([stage, ms]) => [`${stage}_ms`, Math.round(ms)]);
  return { turn: ordinal, ...Object.fromEntries(entries) };
}
