import { createAnalytics } from '../analytics/index.ts';
import { loadConfig, type Environment } from '../platform/config.ts';
import { connectDatabase } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { createLogger } from '../platform/log.ts';
import { withDatabaseUrl } from './with-database.ts';

/**
 * `rollups rebuild`: counts the figures of analytics anew from the books, whether the product serves meanwhile or not;
 * without a word, tells how far behind they are.
 */
export async function rollupsOnce(
  environment: Environment,
  args: readonly string[],
  say: (text: string) => void,
): Promise<void> {
  const [what, ...more] = args;
  if (more.length > 0 || (what !== undefined && what !== 'rebuild')) {
    throw new AppError({ code: 'usage', kind: 'invalid', message: 'Usage: ./ailingva rollups [rebuild]' });
  }
  const config = loadConfig(environment);
  const log = createLogger({ ...config.log, process: 'rollups' });
  await withDatabaseUrl(config, log, async (url) => {
    const database = connectDatabase({ url, poolSize: 2, applicationName: 'ailingva rollups' });
    const analytics = createAnalytics({ knex: database.knex, log });
    try {
      if (what === 'rebuild') {
        const { sessions, credits } = await analytics.rebuild();
        say(`Counted anew: ${sessions} sessions, ${credits} credits and reversals.`);
      } else {
        const { seconds, rows } = await analytics.lag();
        say(
          rows === 0 && seconds === 0
            ? 'The figures are up to date.'
            : `Behind: ${rows} sessions, ${Math.round(seconds)} s.`,
        );
      }
    } finally {
      await database.close();
    }
  });
}
