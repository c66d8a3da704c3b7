import createKnex, { type Knex } from 'knex';
import pg from 'pg';
import { AppError, errorCode } from './errors.ts';

/** The role that serves: it may do what the product does, but not change tables or rewrite the ledger. */
export const APP_ROLE = 'ailingva_app';

export interface Database {
  readonly knex: Knex;
  /** Waits for the queries under way. Idempotent. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize: number;
  /** Seen in `pg_stat_activity`. */
  readonly applicationName: string;
  /** The role that every connection takes; `null` keeps the one that logs in. Default: `ailingva_app`. */
  readonly role?: string | null;
}

/** Opens nothing yet: the first query does. */
export function connectDatabase({ url, poolSize, applicationName, role = APP_ROLE }: DatabaseOptions): Database {
  const knex = createKnex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: applicationName,
      connectionTimeoutMillis: 5_000,
      // No query of ours takes long; one that does holds locks that calls are waiting for.
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 60_000,
      ...(role !== null && { options: `-c role=${role}` }),
      types: typeParsers(),
    },
    pool: { min: 0, max: poolSize },
    // What goes wrong is thrown; knex would print it besides.
    log: { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} },
    acquireConnectionTimeout: 5_000,
    // Values stay out of error messages, and so out of the log: they are people's words and addresses.
    compileSqlOnError: false,
  });
  let closing: Promise<void> | undefined;
  return { knex, close: () => (closing ??= knex.destroy()) };
}

/** Fails when the database does not answer; for readiness checks. */
export async function pingDatabase(database: Database): Promise<void> {
  await database.knex.raw('select 1');
}

// SQLSTATE classes 08 (connection) and 57P (shutdown, crash), and 53300 (too many connections):
// https://www.postgresql.org/docs/18/errcodes-appendix.html
const UNREACHABLE = /^(08...|57P0[1-5]|53300|ECONNREFUSED|ECONNRESET|ENOENT|ENOTFOUND|ETIMEDOUT|EPIPE)$/;

/** The error to answer with when the database is away; `undefined` when that is not what happened. */
export function asDatabaseUnavailable(thrown: unknown): AppError | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const unreachable = UNREACHABLE.test(errorCode(thrown) ?? '');
  // knex puts the statement before the driver's own message, which has no code.
  const cutOff = thrown.message.endsWith('Connection terminated unexpectedly');
  if (!unreachable && !cutOff && thrown.name !== 'KnexTimeoutError') return undefined;
  return new AppError({
    code: 'database_unavailable',
    kind: 'unavailable',
    retryable: true,
    message: 'The database does not answer. Try again in a moment.',
    cause: thrown,
  });
}

// int8 comes as a number where a number can carry it, date as its text; numeric stays text, because minutes and
// money never become floating point. Made per pool: pg's own table is one for the whole process.
function typeParsers(): Knex.PgCustomTypesConfig {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, parseInt8);
  types.setTypeParser(pg.types.builtins.DATE, (value) => value);
  return { getTypeParser: (oid, format) => types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text') };
}

function parseInt8(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError('An int8 column holds more than a number can carry');
  return number;
}
