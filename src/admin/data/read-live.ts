import type { Knex } from 'knex';

interface LiveNode {
  readonly node_id: string;
  readonly load: number;
  readonly capacity: number;
  readonly draining: boolean;
  readonly silent_sec: number;
  readonly fresh: boolean;
}

interface LiveCall {
  readonly call_id: string;
  readonly user_id: string;
  readonly email: string;
  readonly status: 'placed' | 'live';
  readonly channel: 'live' | 'http';
  readonly language: string;
  readonly level: string;
  readonly engine: string;
  readonly node_id: string;
  readonly placed_at: string;
  readonly live_at: string | null;
  readonly lasts_sec: number;
  readonly end_requested: boolean;
}

interface LiveTurn {
  readonly ordinal: number;
  readonly speaker: 'learner' | 'tutor';
  readonly text: string;
  readonly heard_text: string;
  readonly interrupted: boolean;
  readonly started_at_ms: number;
}

/** Every node that is registered, the silent ones too. A call counts from its place on, before its node tells of it. */
export async function readNodes(knex: Knex): Promise<LiveNode[]> {
  const { rows } = await knex.raw<{ readonly rows: LiveNode[] }>(
    `SELECT node.id AS node_id, node.capacity, node.draining,
       greatest(node.load, (SELECT count(*) FROM calls
         WHERE calls.node_id = node.id AND calls.status IN ('placed', 'live')))::integer AS load,
       round(greatest(0, extract(epoch FROM clock_timestamp() - node.heartbeat_at)), 1)::float8 AS silent_sec,
       -- As placement sees it.
       node.heartbeat_at > now() - interval '15 seconds' AS fresh
     FROM media_nodes node ORDER BY node.id`,
  );
  return rows;
}

type CallRow = Omit<LiveCall, 'placed_at' | 'live_at' | 'engine'> & {
  readonly placed_at: Date;
  readonly live_at: Date | null;
  readonly used: Readonly<Record<string, readonly string[]>> | null;
  readonly count: number | string;
};

export async function readLiveCalls(
  knex: Knex,
  most: number,
): Promise<{ readonly count: number; readonly calls: LiveCall[] }> {
  const { rows } = await knex.raw<{ readonly rows: CallRow[] }>(
    `SELECT c.id AS call_id, c.user_account_id AS user_id, a.email, c.status, c.channel, c.language, c.level, c.node_id,
       c.placed_at, c.live_at, c.engines -> 'used' AS used, c.end_requested IS NOT NULL AS end_requested,
       floor(greatest(0, extract(epoch FROM clock_timestamp() - coalesce(c.live_at, c.placed_at))))::integer AS lasts_sec,
       count(*) OVER () AS count
     FROM calls c JOIN user_accounts a ON a.id = c.user_account_id
     WHERE c.status IN ('placed', 'live') ORDER BY c.id DESC LIMIT :most`,
    { most },
  );
  return {
    count: Number(rows[0]?.count ?? 0),
    calls: rows.map(toLiveCall),
  };
}

function toLiveCall({ used, count: _count, placed_at: placedAt, live_at: liveAt, ...call }: CallRow): LiveCall {
  return {
    ...call,
    engine: [...new Set(Object.values(used ?? {}).flat())].toSorted().join('+'),
    placed_at: placedAt.toISOString(),
    live_at: liveAt?.toISOString() ?? null,
  };
}

export async function readLiveCall(
  knex: Knex,
  id: string,
): Promise<{ readonly id: string; readonly status: 'placed' | 'live' | 'ended' | 'finalized' } | undefined> {
  return knex('calls').where({ id }).first('id', 'status');
}

/** The last ones, in their order. */
export async function readTurnsOf(knex: Knex, callId: string, most: number): Promise<LiveTurn[]> {
  const { rows } = await knex.raw<{ readonly rows: LiveTurn[] }>(
    `SELECT ordinal, speaker, text, heard_text, interrupted, started_at_ms::float8 AS started_at_ms FROM call_turns
     WHERE call_id = :callId ORDER BY ordinal DESC LIMIT :most`,
    { callId, most },
  );
  return rows.toReversed();
}
