import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from './errors.ts';

/**
 * A coarse limit on what one address may ask of one process, against loops and scripts gone wild. Attempts at
 * passwords have a limit of their own, in the database.
 */
export function createAddressLimit(options: {
  readonly requests: number;
  readonly perSeconds: number;
}): (ip: string) => Promise<void> {
  const consume = limitOf(options, 'Too many requests from your address. Wait a little.');
  return (ip) => consume(networkOf(ip));
}

/** What one person may ask of one process, of something that costs. Throws AppError `too_many_requests`. */
export function createPersonLimit(options: {
  readonly requests: number;
  readonly perSeconds: number;
}): (userId: string) => Promise<void> {
  return limitOf(options, 'You have asked too often. Wait a little.');
}

function limitOf(
  { requests, perSeconds }: { readonly requests: number; readonly perSeconds: number },
  message: string,
): (key: string) => Promise<void> {
  const limiter = new RateLimiterMemory({ points: requests, duration: perSeconds });
  return async (key) => {
    try {
      await limiter.consume(key);
    } catch (thrown) {
      if (!(thrown instanceof RateLimiterRes)) throw thrown;
      throw new AppError({
        code: 'too_many_requests',
        kind: 'too_many',
        retryable: true,
        message,
        details: { retry_after_seconds: Math.ceil(thrown.msBeforeNext / 1000) },
      });
    }
  };
}

/** One household has one IPv4 address, but a whole /64 of IPv6 ones. */
function networkOf(ip: string): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return plain;
  const [before = '', after] = plain.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? [] : Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
