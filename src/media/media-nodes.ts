import type { Knex } from 'knex';
import { writeAudit } from '../platform/audit.ts';
import { AppError } from '../platform/errors.ts';
import type { StaffOrder } from './staff-order.ts';

/** How often a node should report. */
export const NODE_HEARTBEAT_MS = 5_000;
/** After three missed reports a node gets no new calls. */
const FRESH_SEC = 15;

export interface MediaNodeAddress {
  readonly id: string;
  /** Where the web process reaches its signaling: `http://10.0.0.5:3001`. */
  readonly url: string;
  /** Where the page reaches it, on the web process's origin: `/rtc/<id>/socket.io`. */
  readonly publicPath: string;
}

export interface MediaNodeRegistration extends MediaNodeAddress {
  /** In calls. */
  readonly capacity: number;
}

export interface MediaNodeReport extends MediaNodeRegistration {
  /** In calls: what the node reported, or what was placed on it if that is more. */
  readonly load: number;
  readonly draining: boolean;
}

interface NodeRow {
  readonly id: string;
  readonly url: string;
  readonly public_path: string;
  readonly capacity: number;
  readonly load: number;
  readonly draining: boolean;
}

/** Which media processes there are. All times are the database's: machines' clocks need not agree. */
export class MediaNodes {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  /** Enters the node, or enters it anew after a restart. */
  async register(node: MediaNodeRegistration): Promise<void> {
    await this.#knex('media_nodes')
      .insert({
        id: node.id,
        url: node.url,
        public_path: node.publicPath,
        capacity: node.capacity,
        load: 0,
        draining: false,
        registered_at: this.#now(),
        heartbeat_at: this.#now(),
      })
      .onConflict('id')
      .merge();
  }

  /** Returns false when the node is not registered (any more): it should register again. */
  async heartbeat(id: string, load: number): Promise<boolean> {
    const rows = await this.#knex('media_nodes').where('id', id).update({ load, heartbeat_at: this.#now() });
    return rows === 1;
  }

  /** No new calls from now on. */
  async drain(id: string): Promise<void> {
    await this.#knex('media_nodes').where('id', id).update({ draining: true });
  }

  /**
   * The same, or taking it back, by a member of staff: live calls go on. A node that is restarted takes calls again.
   * Done again, it changes nothing. @throws AppError `media_node_not_found`
   */
  orderDraining(id: string, draining: boolean, order: StaffOrder): Promise<void> {
    return this.#knex.transaction(async (transaction) => {
      const node: { draining: boolean } | undefined = await transaction('media_nodes')
        .where('id', id)
        .forNoKeyUpdate()
        .first('draining');
      if (!node) {
        throw new AppError({
          code: 'media_node_not_found',
          kind: 'not_found',
          message: 'There is no such media node.',
        });
      }
      if (node.draining === draining) return;
      await transaction('media_nodes').where('id', id).update({ draining });
      await writeAudit(transaction, {
        actorId: order.actorId,
        ip: order.ip,
        action: draining ? 'media_node.drain' : 'media_node.resume',
        subject: { type: 'media_node', id },
        details: { reason: order.reason, before: { draining: node.draining }, after: { draining } },
      });
    });
  }

  /** Idempotent. */
  async leave(id: string): Promise<void> {
    await this.#knex('media_nodes').where('id', id).delete();
  }

  /** Nodes that reported lately, the one with the most room first. */
  async listFresh(knex: Knex = this.#knex): Promise<MediaNodeReport[]> {
    // A burst of calls is placed faster than nodes report: what stands in `calls` counts too.
    const { rows } = await knex.raw<{ readonly rows: NodeRow[] }>(
      `SELECT node.id, node.url, node.public_path, node.capacity, node.draining,
              greatest(node.load, (SELECT count(*) FROM calls
                WHERE calls.node_id = node.id AND calls.status IN ('placed', 'live')))::integer AS load
       FROM media_nodes node
       WHERE node.heartbeat_at > now() - make_interval(secs => :freshSec)
       ORDER BY node.capacity - greatest(node.load, (SELECT count(*) FROM calls
                WHERE calls.node_id = node.id AND calls.status IN ('placed', 'live'))) DESC, node.id`,
      { freshSec: FRESH_SEC },
    );
    return rows.map((row) => ({
      id: row.id,
      url: row.url,
      publicPath: row.public_path,
      capacity: row.capacity,
      load: row.load,
      draining: row.draining,
    }));
  }

  /** The fresh node, not draining, with the most room. */
  async findRoom(knex: Knex = this.#knex): Promise<MediaNodeReport | undefined> {
    return (await this.listFresh(knex)).find(({ draining, capacity, load }) => !draining && load < capacity);
  }

  /** Where the web process reaches a node; also a draining one, whose calls go on. */
  async findUrl(id: string): Promise<string | undefined> {
    const row: { url: string } | undefined = await this.#knex('media_nodes').where('id', id).first('url');
    return row?.url;
  }

  #now(): Knex.Raw {
    return this.#knex.raw('clock_timestamp()');
  }
}
