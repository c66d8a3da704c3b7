import { z } from 'zod';
import { count, missing, port, type Basics, type Problem, type Values } from './values.ts';

/** The database, the queues, and the process that works on them. */

export const storeVariables = {
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// address' }).optional(),
  /** A periodic task holds one connection for its lock while it works with others. */
  DATABASE_POOL_SIZE: count(4, 200).default(10),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// address' }).optional(),
  JOBS_PORT: port.optional(),
};

type Variables = Values<typeof storeVariables>;

export function storeProblems(v: Variables, { production }: Basics): Problem[] {
  return production ? missing(v, ['DATABASE_URL'], 'in production') : [];
}

export function arrangeStores(v: Variables) {
  return {
    databaseUrl: v.DATABASE_URL,
    databasePoolSize: v.DATABASE_POOL_SIZE,
    redisUrl: v.REDIS_URL,
    /** Where the jobs process answers its probes; without it, it listens nowhere. */
    jobs: { port: v.JOBS_PORT },
  };
}
