import type { EngineKind, PricedUse } from '../../speech/engine.ts';
import type { CallEnginesRecord, EngineChange, TurnRecord } from './ports.ts';

/** Which engines a call had and what they did: costs by turn, names and changes for the call. */
export class EngineBook {
  readonly #uses = new Map<number, PricedUse[]>();
  readonly #used = new Map<EngineKind, Set<string>>();
  readonly #changes: EngineChange[];
  #unassigned: PricedUse[] = [];
  #lastTurn: TurnRecord | undefined;

  constructor(served: CallEnginesRecord = { used: {}, changes: [] }) {
    this.#changes = [...served.changes];
    for (const [kind, names] of Object.entries(served.used) as [EngineKind, string[]][]) {
      this.#used.set(kind, new Set(names));
    }
  }

  add(use: PricedUse): void {
    this.#unassigned.push(use);
  }

  change(change: EngineChange): void {
    this.#changes.push(change);
  }

  /** The turn with all that was done since the turn before it, and with what it had before. */
  charge(turn: TurnRecord): TurnRecord {
    const uses = [...(this.#uses.get(turn.ordinal) ?? []), ...this.#unassigned];
    this.#unassigned = [];
    this.#uses.set(turn.ordinal, uses);
    const charged = { ...turn, usage: uses };
    this.#lastTurn = charged;
    return charged;
  }

  /** The last turn once more, where something was done after it. */
  chargeRest(): TurnRecord | undefined {
    return this.#lastTurn && this.#unassigned.length > 0 ? this.charge(this.#lastTurn) : undefined;
  }

  /** Notes who served the turn. Answers the record when it says anything new. */
  note({ engines }: Pick<TurnRecord, 'engines'>): CallEnginesRecord | undefined {
    let isNew = false;
    for (const [kind, name] of Object.entries(engines) as [EngineKind, string][]) {
      const names = this.#used.get(kind) ?? new Set();
      if (names.has(name)) continue;
      this.#used.set(kind, names.add(name));
      isNew = true;
    }
    return isNew ? this.record() : undefined;
  }

  record(): CallEnginesRecord {
    const used = Object.fromEntries([...this.#used].map(([kind, names]) => [kind, [...names]]));
    return { used, changes: [...this.#changes] };
  }
}
