import { ApiError } from '../api/api-error.ts';
import type { Deposit } from '../api/types.ts';

/**
 * Begins payments. An attempt has one key for as long as it is not known what became of it, so that a second press
 * after a lost answer begins no second payment; another amount, or an answer, ends the attempt.
 */
export class DepositAttempts {
  readonly #deposit: (amountRub: number, idempotencyKey: string) => Promise<Deposit>;
  readonly #makeKey: () => string;
  #open: { readonly amountRub: number; readonly key: string } | undefined;

  constructor(deposit: (amountRub: number, idempotencyKey: string) => Promise<Deposit>, makeKey: () => string) {
    this.#deposit = deposit;
    this.#makeKey = makeKey;
  }

  /** @throws ApiError */
  async begin(amountRub: number): Promise<Deposit> {
    if (this.#open?.amountRub !== amountRub) this.#open = { amountRub, key: this.#makeKey() };
    try {
      const deposit = await this.#deposit(amountRub, this.#open.key);
      this.#open = undefined;
      return deposit;
    } catch (error) {
      if (isRefusal(error)) this.#open = undefined;
      throw error;
    }
  }
}

/** The server has decided against it: nothing of this attempt lives on. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}
