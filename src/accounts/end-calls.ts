import type { Knex } from 'knex';

/**
 * Asks for the end of a user's calls, in the transaction that ends their tokens: whoever holds a call would go on
 * spending minutes of an account that was taken from them. Takes the locks of the calls, never the wallet's before them.
 */
export type EndCalls = (transaction: Knex.Transaction, userId: string, reason: CallsEnd) => Promise<void>;

/** Nobody comes in any more; or whoever is in was signed out, and may sign in again. */
export type CallsEnd = 'blocked' | 'signed_out';
