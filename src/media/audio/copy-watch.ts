/** How much one packet counts: what a single loss adds is forgotten after some five seconds of talk. */
const SHARE_PER_PACKET = 0.005;
/** Shares of packets that are lost and could be had from a copy, between which nothing changes. */
const WORTH_WAITING = 0.01;
const NOT_WORTH_WAITING = 0.005;

/**
 * Watches how often a packet is lost whose copy comes in the next one: whether it is worth it to hold every packet
 * back by one packet more, so that the copy is there when it is wanted.
 */
export class CopyWatch {
  #share = 0;
  #worthWaiting = false;

  get worthWaiting(): boolean {
    return this.#worthWaiting;
  }

  /** A packet is taken to be played. `copyWanted`: the one before it is lost, and it has the copy. */
  observe(copyWanted: boolean): void {
    this.#share += SHARE_PER_PACKET * ((copyWanted ? 1 : 0) - this.#share);
    if (this.#share >= WORTH_WAITING) this.#worthWaiting = true;
    else if (this.#share < NOT_WORTH_WAITING) this.#worthWaiting = false;
  }
}
