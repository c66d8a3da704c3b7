import type { EventEmitter } from 'node:events';
import pg from 'pg';
import { connectDatabase, type Database } from '../platform/database.ts';
import { within } from './caller/deadline.ts';

export interface Doom {
  /** So many statements reach the server: BEGIN and COMMIT are statements too. */
  readonly statements: number;
  /** The last of them is carried out, but its answer never arrives. */
  readonly answerLost: boolean;
}

export interface DoomedProcess extends Database {
  /** Whether it got that far. */
  readonly died: () => boolean;
}

interface Connection extends EventEmitter {
  readonly processID: number;
  query(config: unknown, done: Done): unknown;
}
type Done = (error: Error | null, result?: unknown) => void;

const GONE_DEADLINE_MS = 30_000;

/**
 * The database as a process sees it that dies at a given statement: PostgreSQL ends its session there, whatever it was
 * in the middle of, and every later statement fails. Deterministic, unlike killing a process from outside.
 */
export function connectDoomed(url: string, doom: Doom): DoomedProcess {
  const database = connectDatabase({ url, poolSize: 2, applicationName: 'ailingva test doomed' });
  let left = doom.statements;
  let dead = false;

  const die = async (connection: Connection): Promise<void> => {
    if (dead) return;
    dead = true;
    // A session ends its transaction, and lets go of its locks, before it lets go of its socket.
    const gone = new Promise((resolve) => connection.once('end', resolve));
    const killer = new pg.Client({ connectionString: url });
    await killer.connect();
    await killer.query('SELECT pg_terminate_backend($1)', [connection.processID]);
    await within(gone, GONE_DEADLINE_MS, 'the end of a session');
    await killer.end();
  };
  const doomed = (connection: Connection): Connection => {
    const send = connection.query.bind(connection);
    connection.query = (config, done) => {
      const end = (): void => {
        const told = (): void => done(new Error('The process has died'));
        die(connection).then(told, told);
      };
      if (dead || left === 0) return end();
      left -= 1;
      return send(config, left === 0 && doom.answerLost ? end : done);
    };
    return connection;
  };

  // knex has no hook before a statement; this is where its pool gets the driver's connections from.
  const client: { acquireRawConnection(): Promise<Connection> } = database.knex.client;
  const acquire = client.acquireRawConnection.bind(client);
  client.acquireRawConnection = async () => doomed(await acquire());
  return { ...database, died: () => dead };
}
