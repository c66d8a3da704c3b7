import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { AppError } from '../platform/errors.ts';
import { normalizePassword } from './password-policy.ts';

export interface ScryptCost {
  /** Base-2 logarithm of N; memory is 128 · N · r bytes. */
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/**
 * One of the equally strong settings that OWASP names: 32 MiB, where `N=2^17, r=8, p=1` takes 128 MiB of a
 * process that serves pages meanwhile. https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
 */
const OWASP_COST: ScryptCost = { logN: 15, r: 8, p: 3 };

const SALT_BYTES = 16;
const HASH_BYTES = 32;

export interface PasswordHasherOptions {
  readonly cost?: ScryptCost;
  /** Each hash under way takes its memory and one thread of Node's pool of four. */
  readonly concurrency?: number;
  /** How many may wait before more are refused. */
  readonly queueLimit?: number;
}

/**
 * Makes and checks password hashes off the event loop, a few at a time. The parameters stand in the hash, in PHC
 * form: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, so that they can be raised while old hashes go on being checked.
 */
export class PasswordHasher {
  readonly #cost: ScryptCost;
  readonly #concurrency: number;
  readonly #queueLimit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ cost = OWASP_COST, concurrency = 2, queueLimit = 100 }: PasswordHasherOptions = {}) {
    this.#cost = cost;
    this.#concurrency = concurrency;
    this.#queueLimit = queueLimit;
  }

  /** @throws AppError `sign_in_busy` when too many wait */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.#derive(password, salt, this.#cost, HASH_BYTES);
    const { logN, r, p } = this.#cost;
    return `$scrypt$ln=${logN},r=${r},p=${p}$${encode(salt)}$${encode(hash)}`;
  }

  /**
   * Without a stored hash (there is no such account) the answer is no, after the same work.
   * @throws AppError `sign_in_busy` when too many wait
   */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    const { cost, salt, hash } = stored === undefined ? this.#nobody() : parse(stored);
    const derived = await this.#derive(password, salt, cost, hash.length);
    return timingSafeEqual(derived, hash) && stored !== undefined;
  }

  /** True when the hash was made with other parameters than new ones are. */
  isOutdated(stored: string): boolean {
    const { cost, hash } = parse(stored);
    const { logN, r, p } = this.#cost;
    return cost.logN !== logN || cost.r !== r || cost.p !== p || hash.length !== HASH_BYTES;
  }

  #nobody(): StoredHash {
    return { cost: this.#cost, salt: Buffer.alloc(SALT_BYTES), hash: Buffer.alloc(HASH_BYTES) };
  }

  async #derive(password: string, salt: Buffer, cost: ScryptCost, length: number): Promise<Buffer> {
    await this.#enter();
    try {
      return await deriveKey(normalizePassword(password), salt, cost, length);
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.#queueLimit) {
      throw new AppError({
        code: 'sign_in_busy',
        kind: 'unavailable',
        retryable: true,
        message: 'Too many people sign in at this moment. Try again in a few seconds.',
        details: { retry_after_seconds: 5 },
      });
    }
    // The place is handed over by `#leave`, which therefore does not count it down.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}

interface StoredHash {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

function parse(stored: string): StoredHash {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/.exec(stored);
  const [, logN, r, p, salt, hash] = match ?? [];
  if (salt === undefined || hash === undefined) throw new Error('A stored password hash is not in the form we write');
  return {
    cost: { logN: Number(logN), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

/** Base64 without padding, as PHC has it. */
function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

function deriveKey(password: string, salt: Buffer, { logN, r, p }: ScryptCost, length: number): Promise<Buffer> {
  const N = 2 ** logN;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  // OpenSSL counts 128·N·r + 128·r·p and a little more against maxmem; Node's default is 32 MiB.
  scrypt(password, salt, length, { N, r, p, maxmem: 2 * 128 * N * r * p }, (error, key) => {
    if (error) reject(error);
    else resolve(key);
  });
  return promise;
}
