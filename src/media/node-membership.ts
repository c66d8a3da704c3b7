import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { NODE_HEARTBEAT_MS, type MediaNodeRegistration, type MediaNodes } from './media-nodes.ts';

export interface NodeMembershipOptions {
  readonly nodes: MediaNodes;
  readonly node: MediaNodeRegistration;
  /** Calls on this node at this moment. */
  readonly load: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One media process's place among the nodes: enters it, reports its load, takes it out again. */
export class NodeMembership {
  readonly #options: NodeMembershipOptions;
  #timer: Timer | undefined;
  #draining = false;
  #left: Promise<void> | undefined;
  #report: Promise<void> = Promise.resolve();

  constructor(options: NodeMembershipOptions) {
    this.#options = options;
  }

  /** Rejects when the database does not answer; afterwards, failed reports are logged and repeated. */
  async start(): Promise<void> {
    await this.#options.nodes.register(this.#options.node);
    this.#plan();
  }

  /** No new calls from now on; reports go on, so that live calls are still found here. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#options.nodes.drain(this.#options.node.id);
  }

  /** Idempotent. */
  leave(): Promise<void> {
    return (this.#left ??= this.#leave());
  }

  async #leave(): Promise<void> {
    this.#timer?.cancel();
    // A report still under way could enter the node again.
    await this.#report;
    await this.#options.nodes.leave(this.#options.node.id);
  }

  #plan(): void {
    this.#timer = this.#options.clock.after(NODE_HEARTBEAT_MS, () => {
      this.#report = this.#beat();
    });
  }

  async #beat(): Promise<void> {
    const { nodes, node, load, log } = this.#options;
    try {
      if (!(await nodes.heartbeat(node.id, load()))) {
        log.warn({ nodeId: node.id }, 'The node was not registered any more; it enters again');
        await nodes.register(node);
      }
      // Whoever takes an operator's draining back does not take this one back: the process is about to end.
      if (this.#draining) await nodes.drain(node.id);
    } catch (error) {
      log.warn({ nodeId: node.id, err: error }, 'The node could not report its load');
    }
    if (!this.#left) this.#plan();
  }
}
