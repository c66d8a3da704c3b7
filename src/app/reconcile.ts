import { parseArgs } from 'node:util';
import { createBilling, type Reconciliation } from '../billing/index.ts';
import { loadConfig, type Environment } from '../platform/config.ts';
import { connectDatabase } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { createLogger } from '../platform/log.ts';
import { withDatabaseUrl } from './with-database.ts';

type Say = (text: string) => void;

/**
 * Checks the books against the ledger, whether the product serves meanwhile or not, and puts right what can be when asked
 * to. Answers the exit code: 1 while anything differs.
 */
export async function reconcileOnce(environment: Environment, args: readonly string[], say: Say): Promise<number> {
  const repair = readRepair(args);
  const config = loadConfig(environment);
  const log = createLogger({ ...config.log, process: 'reconcile' });
  return withDatabaseUrl(config, log, async (url) => {
    const database = connectDatabase({ url, poolSize: 2, applicationName: 'ailingva reconcile' });
    const billing = createBilling({ knex: database.knex, log });
    try {
      const outcome = await billing.reconcile({ repair });
      say(describe(outcome));
      if (!repair && outcome.left.length > 0) say('\nPut right what can be: ./ailingva reconcile --repair');
      return outcome.left.length === 0 ? 0 : 1;
    } finally {
      await billing.close();
      await database.close();
    }
  });
}

function readRepair(args: readonly string[]): boolean {
  try {
    return parseArgs({ args: [...args], options: { repair: { type: 'boolean', default: false } } }).values.repair;
  } catch (cause) {
    throw new AppError({ code: 'usage', kind: 'invalid', message: 'Usage: ./ailingva reconcile [--repair]', cause });
  }
}

/** For a terminal: by kind, then user by user. */
export function describe({ differences, repairs, left }: Reconciliation): string {
  if (differences.length === 0) return 'The books agree.';
  const lines: string[] = [];
  for (const [kind, ofKind = []] of Object.entries(Object.groupBy(differences, ({ rule }) => rule))) {
    lines.push(`${kind}: ${ofKind.length}`);
    for (const { userId, subject, found } of ofKind) {
      lines.push(`  user ${userId}${subject === userId ? '' : `, row ${subject}`}: ${found}`);
    }
  }
  for (const { userId, before, after, adjustment } of repairs) {
    const given = adjustment === 0 ? '' : `, ${adjustment / 100} min given by an adjustment`;
    lines.push(
      `Repaired: user ${userId}: balance ${before.balance / 100} → ${after.balance / 100} min, ` +
        `held ${before.held / 100} → ${after.held / 100} min${given}`,
    );
  }
  if (repairs.length > 0) lines.push(left.length === 0 ? 'The books agree now.' : `Left for people: ${left.length}`);
  return lines.join('\n');
}
