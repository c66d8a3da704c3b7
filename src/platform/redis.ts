import { Redis } from 'ioredis';
import type { Logger } from './log.ts';

/** Reconnects for ever, this long after at most. */
const LONGEST_PAUSE_MS = 2_000;

export interface RedisOptions {
  readonly url: string;
  /** Seen in `CLIENT LIST`. */
  readonly name: string;
  readonly log: Logger;
  /**
   * `fail`: a command that cannot be sent now fails at once, for whoever has something better to do than to wait.
   * `wait`: it is sent when Redis is back, for workers.
   */
  readonly whenAway: 'fail' | 'wait';
}

/** Connects in the background. What goes wrong with the connection is logged, not thrown. */
export function connectRedis({ url, name, log, whenAway }: RedisOptions): Redis {
  const redis = new Redis(url, {
    connectionName: name.replaceAll(/\s+/g, '-'),
    connectTimeout: 5_000,
    // Of a command under way when the connection breaks nobody knows whether it was carried out.
    maxRetriesPerRequest: whenAway === 'wait' ? null : 0,
    enableOfflineQueue: whenAway === 'wait',
    retryStrategy: (attempt) => Math.min(100 * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS),
  });
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) log.warn({ err: error }, 'Redis does not answer');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info('Redis answers again');
    away = false;
  });
  return redis;
}
