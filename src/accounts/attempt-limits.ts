import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Knex } from 'knex';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../platform/errors.ts';

export interface Limit {
  readonly attempts: number;
  readonly withinSec: number;
}

export interface AttemptLimitsConfig {
  /** Failed sign-ins with one address from one place. */
  readonly loginPerPlaceAndEmail: Limit;
  /** Failed sign-ins from one place, with whatever address. */
  readonly loginPerPlace: Limit;
  readonly registrationPerPlace: Limit;
  /** Letters with a link that one user asks for. */
  readonly confirmationPerUser: Limit;
  /** Letters with a link to a new password for one address, whether it has an account or not. */
  readonly passwordRequestPerEmail: Limit;
  /** The same asked for from one place, for whatever address. */
  readonly passwordRequestPerPlace: Limit;
}

export const DEFAULT_LIMITS: AttemptLimitsConfig = {
  loginPerPlaceAndEmail: { attempts: 5, withinSec: 15 * 60 },
  loginPerPlace: { attempts: 50, withinSec: 15 * 60 },
  registrationPerPlace: { attempts: 30, withinSec: 3600 },
  confirmationPerUser: { attempts: 5, withinSec: 3600 },
  passwordRequestPerEmail: { attempts: 5, withinSec: 3600 },
  passwordRequestPerPlace: { attempts: 20, withinSec: 3600 },
};

export interface LoginAttempt {
  /** The password was right: the failures with this address from this place are forgiven, too. */
  giveBack(): Promise<void>;
  /** It was none, since nobody looked at the password. */
  undo(): Promise<void>;
}

/** Counts attempts in PostgreSQL, so that all web processes count together. */
export class AttemptLimits {
  readonly #byPlaceAndEmail: RateLimiterPostgres;
  readonly #byPlace: RateLimiterPostgres;
  readonly #registrations: RateLimiterPostgres;
  readonly #confirmations: RateLimiterPostgres;
  readonly #passwordsByEmail: RateLimiterPostgres;
  readonly #passwordsByPlace: RateLimiterPostgres;

  constructor(knex: Knex, config: AttemptLimitsConfig) {
    this.#byPlaceAndEmail = limiter(knex, 'login-email', config.loginPerPlaceAndEmail);
    this.#byPlace = limiter(knex, 'login', config.loginPerPlace);
    this.#registrations = limiter(knex, 'register', config.registrationPerPlace);
    this.#confirmations = limiter(knex, 'confirmation', config.confirmationPerUser);
    this.#passwordsByEmail = limiter(knex, 'password-email', config.passwordRequestPerEmail);
    this.#passwordsByPlace = limiter(knex, 'password', config.passwordRequestPerPlace);
  }

  /**
   * Counted before the password is looked at, because many attempts sent at once would all pass a check that counts
   * afterwards; a successful one is given back.
   * @throws AppError `too_many_logins`
   */
  async countLogin(ip: string, email: string): Promise<LoginAttempt> {
    const place = placeOf(ip);
    const placeAndEmail = digest(`${place} ${email}`);
    await consume(this.#byPlace, place, 'too_many_logins');
    await consume(this.#byPlaceAndEmail, placeAndEmail, 'too_many_logins');
    return {
      giveBack: async () => {
        await this.#byPlace.reward(place);
        await this.#byPlaceAndEmail.delete(placeAndEmail);
      },
      undo: async () => {
        await this.#byPlace.reward(place);
        await this.#byPlaceAndEmail.reward(placeAndEmail);
      },
    };
  }

  /** @throws AppError `too_many_registrations` */
  async countRegistration(ip: string): Promise<void> {
    await consume(this.#registrations, placeOf(ip), 'too_many_registrations');
  }

  /** @throws AppError `too_many_confirmations` */
  async countConfirmation(userId: string): Promise<void> {
    await consume(this.#confirmations, userId, 'too_many_confirmations');
  }

  /** @throws AppError `too_many_password_requests` */
  async countPasswordRequest(ip: string, email: string): Promise<void> {
    await consume(this.#passwordsByPlace, placeOf(ip), 'too_many_password_requests');
    await consume(this.#passwordsByEmail, digest(email), 'too_many_password_requests');
  }

  /** The failed sign-ins of this address from this place count no more. */
  async forgiveLogins(ip: string, email: string): Promise<void> {
    await this.#byPlaceAndEmail.delete(digest(`${placeOf(ip)} ${email}`));
  }
}

function limiter(knex: Knex, keyPrefix: string, { attempts, withinSec }: Limit): RateLimiterPostgres {
  return new RateLimiterPostgres({
    storeClient: knex,
    storeType: 'knex',
    tableName: 'rate_limits',
    tableCreated: true,
    keyPrefix,
    points: attempts,
    duration: withinSec,
  });
}

async function consume(counter: RateLimiterPostgres, key: string, code: string): Promise<void> {
  try {
    await counter.consume(key);
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    throw new AppError({
      code,
      kind: 'too_many',
      retryable: true,
      message: 'Too many attempts. Wait a while before the next one.',
      details: { retry_after_seconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)) },
    });
  }
}

/** An IPv6 customer has at least a /64 of addresses, so those count as one place. */
export function placeOf(ip: string): string {
  const address = ip.split('%')[0] ?? '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  if (!isIPv6(address)) return address;
  // The URL parser writes every notation of an address in one way, in groups without a dotted tail.
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const gap = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return `${[...left, ...gap, ...right].slice(0, 4).join(':')}::/64`;
}

/** Addresses of people do not stand in a table of counters. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
