import type { Clock, Timer } from '../../platform/clock.ts';
import { type AppError, toAppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type { CallMeter, MeterReading } from './ports.ts';

export interface MinuteMeterOptions {
  readonly callId: string;
  readonly meter: CallMeter;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whole ms talked so far. */
  readonly talkedMs: () => number;
  /** Talk time runs only while this is true. */
  readonly isTalking: () => boolean;
  readonly onReading: (reading: MinutesReading) => void;
  /** What is held is used up, or staff ended the call. */
  readonly onStop: (reason: StopReason) => void;
  /** How often the heartbeat is written, in ms. */
  readonly beatIntervalMs?: number;
}

/** `moved`: the call goes on at another node, which took it over. */
export type StopReason = 'no_minutes' | 'ended_elsewhere' | 'moved';

export interface MinutesReading {
  readonly talkedMs: number;
  readonly leftMs: number;
  /** Set once when the time left falls under two minutes and once under one. */
  readonly warnMinutes: 1 | 2 | null;
}

/** How long before the held time ends the hold is asked for once more. */
const LAST_ASK_MS = 2_000;
const MINUTE_MS = 60_000;

/**
 * Beats while the call lives: writes the heartbeat, keeps the hold ahead of the talk, warns, and stops the call at
 * the end of what is held. When billing does not answer, the call goes on to the end of what is held and no further.
 */
export class MinuteMeter {
  readonly #options: MinuteMeterOptions;
  readonly #beatIntervalMs: number;
  #reading: MeterReading | undefined;
  /** Talk time at which this process took the call up. */
  #startedAtMs: number | undefined;
  #warned = Number.POSITIVE_INFINITY;
  #beatTimer: Timer | undefined;
  #stopTimer: Timer | undefined;
  #beating = false;
  #closed = false;

  constructor(options: MinuteMeterOptions) {
    this.#options = options;
    this.#beatIntervalMs = options.beatIntervalMs ?? 5_000;
  }

  /** Milliseconds the balance still covers; `undefined` before the first answer. */
  get leftMs(): number | undefined {
    return this.#reading && Math.max(0, this.#reading.coveredMs - this.#options.talkedMs());
  }

  /** The talk clock runs, for the first time or again. */
  start(): void {
    this.#startedAtMs ??= this.#options.talkedMs();
    this.#planStop();
    void this.#beat();
  }

  /** The talk clock was stopped or started again: the stop is due at another time. */
  talkClockChanged(): void {
    this.#planStop();
  }

  close(): void {
    this.#closed = true;
    this.#beatTimer?.cancel();
    this.#stopTimer?.cancel();
  }

  async #beat(): Promise<void> {
    if (this.#closed || this.#beating) return;
    this.#beating = true;
    this.#beatTimer?.cancel();
    try {
      const reading = await this.#options.meter.beat(this.#options.callId, this.#options.talkedMs());
      if (!this.#closed) this.#take(reading);
    } catch (error) {
      if (!this.#closed) this.#failed(toAppError(error));
    } finally {
      this.#beating = false;
      if (!this.#closed) {
        this.#beatTimer = this.#options.clock.after(this.#beatIntervalMs, () => void this.#beat());
      }
    }
  }

  #take(reading: MeterReading): void {
    this.#reading = reading;
    this.#planStop();
    const talkedMs = this.#options.talkedMs();
    const leftMs = Math.max(0, reading.coveredMs - talkedMs);
    this.#options.onReading({ talkedMs, leftMs, warnMinutes: this.#warning(leftMs) });
  }

  #warning(leftMs: number): 1 | 2 | null {
    const minutes = leftMs <= MINUTE_MS ? 1 : leftMs <= 2 * MINUTE_MS ? 2 : Number.POSITIVE_INFINITY;
    const warn = minutes < this.#warned;
    this.#warned = minutes;
    return warn ? (minutes as 1 | 2) : null;
  }

  #failed(error: AppError): void {
    if (error.code === 'call_ended' || error.code === 'call_not_found') this.#stop('ended_elsewhere');
    else if (error.code === 'call_on_other_node') this.#stop('moved');
    else this.#options.log.warn({ call: this.#options.callId, err: error }, 'The meter did not answer');
  }

  /** Before the first answer: the minute that every call holds ahead of its talk. */
  get #heldMs(): number {
    return this.#reading?.heldMs ?? (this.#startedAtMs ?? 0) + MINUTE_MS;
  }

  #planStop(): void {
    this.#stopTimer?.cancel();
    if (this.#closed || !this.#options.isTalking()) return;
    const leftMs = this.#heldMs - this.#options.talkedMs();
    if (leftMs <= 0) return this.#stop('no_minutes');
    const askFirst = leftMs > LAST_ASK_MS;
    this.#stopTimer = this.#options.clock.after(askFirst ? leftMs - LAST_ASK_MS : leftMs, () => {
      if (askFirst) {
        this.#planLastStop();
        void this.#beat();
      } else this.#planStop();
    });
  }

  /** Set before the last ask, so that a meter that does not answer cannot keep the call alive. */
  #planLastStop(): void {
    const leftMs = this.#heldMs - this.#options.talkedMs();
    this.#stopTimer = this.#options.clock.after(Math.max(0, leftMs), () => this.#planStop());
  }

  #stop(reason: StopReason): void {
    if (this.#closed) return;
    this.close();
    this.#options.onStop(reason);
  }
}
