import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ConnectionLimits } from './connection.ts';

/** How often, within a window that begins with the first time. */
interface Rate {
  readonly times: number;
  readonly perSeconds: number;
}

export interface SignalingLimits extends ConnectionLimits {
  /** Of one connection. A page that sets a call up sends about ten. */
  readonly messages: Rate;
  /** Of those that carry the voice over the socket: a page sends about 22 a second. */
  readonly soundMessages: Rate;
  /**
   * Of the voice over the socket in one call, whatever connections they come by: each starts a process or two. A page whose
   * voice breaks off again and again opens one every 5 s.
   */
  readonly voiceOpenings: Rate;
  /** Of one learner, one after the other: each that joins opens transports. A page tries once a second or two. */
  readonly newConnections: Rate;
  /** At once. */
  readonly connectionsPerUser: number;
}

export const signalingLimits: SignalingLimits = {
  joinDeadlineMs: 10_000,
  requestDeadlineMs: 15_000,
  endedLingerMs: 5_000,
  messages: { times: 60, perSeconds: 5 },
  soundMessages: { times: 300, perSeconds: 5 },
  voiceOpenings: { times: 12, perSeconds: 30 },
  newConnections: { times: 60, perSeconds: 60 },
  connectionsPerUser: 5,
};

/** Counts by keys in this process. */
export class RateLimit {
  readonly #limiter: RateLimiterMemory;

  constructor({ times, perSeconds }: Rate) {
    this.#limiter = new RateLimiterMemory({ points: times, duration: perSeconds });
  }

  /** Counts one; false when there were too many. */
  async allows(key: string): Promise<boolean> {
    try {
      await this.#limiter.consume(key);
      return true;
    } catch (thrown) {
      if (thrown instanceof RateLimiterRes) return false;
      throw thrown;
    }
  }

  async forget(key: string): Promise<void> {
    await this.#limiter.delete(key);
  }
}
