import { Counter, Histogram } from 'prom-client';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';

const SLOT_MS = 20;
const PHASES = 4;
const PHASE_MS = SLOT_MS / PHASES;
/** A timer may fire a little early, since timers count whole milliseconds; the slot is then taken as due. */
const EARLY_MS = 0.5;
/** Slots heard after a stall, at most: a second. What listens is not played to anyone, so it may come in a burst. */
const MAX_HEARD_SLOTS = 50;

/**
 * One call's three duties in a slot of 20 ms. `slotMs` is the slot's own time on the monotonic clock, not
 * the time at which the timer fired; slots of a call are whole multiples of 20 ms apart.
 */
export interface PacedCall {
  /** Hand out the packet that was prepared. Must be quick: every other call of the slot waits for it. */
  send(slotMs: number): void;
  /** Take 20 ms out of the jitter buffer. */
  hear(slotMs: number): void;
  /** Encode the packet for the next slot. */
  prepare(slotMs: number): void;
}

export interface PacerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Gets `media_pacer_lateness_seconds` and `media_pacer_skipped_slots_total`. */
  readonly metrics?: Metrics;
  /** Runs in every slot after all `hear`: where voice activity is detected for all calls at once. */
  readonly afterHearing?: () => void;
  /** Slots in which is sent after a stall, at most; in earlier ones is only heard. Default 5 (100 ms). */
  readonly maxCatchUpSlots?: number;
}

interface Member {
  readonly call: PacedCall;
  removed: boolean;
}

interface Phase {
  /** Replaced, never changed: a slot under way goes over the list that it began with. */
  members: readonly Member[];
  /** When the next slot of this phase is due. */
  dueMs: number;
}

/**
 * The one metronome of a process: a grid of 20 ms on absolute deadlines, split into four phases of 5 ms so that
 * the work of many calls is spread. A late timer never moves the grid. Without calls there is no timer.
 *
 * After a stall of a slot or more, what came from the network meanwhile is let in first. Then the slots are made
 * up for: all of them for hearing, so that the sample clocks keep real time, the last few for sending.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #afterHearing: (() => void) | undefined;
  readonly #maxCatchUpSlots: number;
  readonly #originMs: number;
  readonly #phases: readonly Phase[];
  readonly #lateness: Histogram | undefined;
  readonly #skipped: Counter | undefined;
  readonly #tick = () => this.#run();
  #timer: Timer | undefined;
  #running = false;
  /** The network had its turn after a stall. */
  #letIn = false;
  #closed = false;

  constructor({ clock, log, metrics, afterHearing, maxCatchUpSlots = 5 }: PacerOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#afterHearing = afterHearing;
    this.#maxCatchUpSlots = maxCatchUpSlots;
    this.#originMs = clock.monotonicMs();
    this.#phases = Array.from({ length: PHASES }, () => ({ members: [], dueMs: 0 }));
    this.#lateness =
      metrics &&
      new Histogram({
        name: 'media_pacer_lateness_seconds',
        help: 'How long after its place on the 20 ms grid a slot was begun',
        buckets: [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5],
        registers: [metrics],
      });
    this.#skipped =
      metrics &&
      new Counter({
        name: 'media_pacer_skipped_slots_total',
        help: 'Slots in which nothing could be sent, after a stall that was longer than is made up for',
        registers: [metrics],
      });
  }

  /** Puts the call into the phase with the fewest calls. Returns the function that takes it off again. */
  add(call: PacedCall): () => void {
    const phase = this.#phases.reduce((least, other) => (other.members.length < least.members.length ? other : least));
    const member: Member = { call, removed: false };
    if (phase.members.length === 0) phase.dueMs = this.#nextDue(this.#phases.indexOf(phase));
    phase.members = [...phase.members, member];
    this.#schedule();
    return () => {
      if (member.removed) return;
      member.removed = true;
      phase.members = phase.members.filter((other) => other !== member);
      this.#schedule();
    };
  }

  /** How many calls each phase has. */
  get load(): readonly number[] {
    return this.#phases.map(({ members }) => members.length);
  }

  /** Stops ticking. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The first place of a phase on the grid that is still to come. */
  #nextDue(index: number): number {
    const first = this.#originMs + index * PHASE_MS;
    return first + Math.ceil((this.#clock.monotonicMs() - first) / SLOT_MS) * SLOT_MS;
  }

  #schedule(): void {
    if (this.#running || this.#closed) return;
    this.#timer?.cancel();
    const next = this.#earliest();
    this.#timer =
      next && this.#clock.after(Math.max(0, Math.round(next.dueMs - this.#clock.monotonicMs())), this.#tick);
  }

  #earliest(): Phase | undefined {
    let earliest: Phase | undefined;
    for (const phase of this.#phases) {
      if (phase.members.length > 0 && (!earliest || phase.dueMs < earliest.dueMs)) earliest = phase;
    }
    return earliest;
  }

  #run(): void {
    const nowMs = this.#clock.monotonicMs();
    const late = nowMs - (this.#earliest()?.dueMs ?? nowMs) >= SLOT_MS;
    if (late && !this.#letIn) {
      // Node runs timers before it reads from sockets, so without this the calls would starve with packets at the door.
      this.#letIn = true;
      this.#timer = this.#clock.after(0, this.#tick);
      return;
    }
    this.#letIn = false;
    this.#running = true;
    this.#skipStalled(nowMs);
    for (let phase = this.#earliest(); phase && !this.#closed; phase = this.#earliest()) {
      if (phase.dueMs > nowMs + EARLY_MS) break;
      const slotMs = phase.dueMs;
      phase.dueMs += SLOT_MS;
      this.#lateness?.observe(Math.max(0, nowMs - slotMs) / 1_000);
      const sends = nowMs - slotMs < this.#maxCatchUpSlots * SLOT_MS - EARLY_MS;
      if (!sends) this.#skipped?.inc();
      this.#slot(phase.members, slotMs, sends);
    }
    this.#running = false;
    this.#schedule();
  }

  #skipStalled(nowMs: number): void {
    for (const phase of this.#phases) {
      if (phase.members.length === 0) continue;
      const due = Math.floor((nowMs + EARLY_MS - phase.dueMs) / SLOT_MS) + 1;
      const excess = due - MAX_HEARD_SLOTS;
      if (excess <= 0) continue;
      phase.dueMs += excess * SLOT_MS;
      this.#skipped?.inc(excess);
    }
  }

  /** All sends first: nobody's packet waits for somebody's decoding. */
  #slot(members: readonly Member[], slotMs: number, sends: boolean): void {
    if (sends) for (const member of members) this.#do(member, 'send', slotMs);
    for (const member of members) this.#do(member, 'hear', slotMs);
    try {
      this.#afterHearing?.();
    } catch (error) {
      this.#log.error({ err: error }, 'What runs after hearing threw');
    }
    if (sends) for (const member of members) this.#do(member, 'prepare', slotMs);
  }

  /** A call that throws takes no other call with it. */
  #do(member: Member, duty: keyof PacedCall, slotMs: number): void {
    if (member.removed || this.#closed) return;
    try {
      member.call[duty](slotMs);
    } catch (error) {
      this.#log.error({ err: error, duty }, 'A call threw in its slot');
    }
  }
}
