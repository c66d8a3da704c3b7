import { errorCode } from '../api/api-error.ts';
import type { Deposit, PaymentStatus } from '../api/types.ts';
import { createStore } from '../app/value-store.ts';
import type { ValueStore } from '../app/value-store.ts';

export type PaymentView =
  /**
   * `long`: by now it may be that nobody has paid. `slow`: the patience is over; nobody asks any more until `start()`.
   * `deposit`: as it stood when last asked for.
   */
  | { readonly status: 'waiting'; readonly pace: 'usual' | 'long' | 'slow'; readonly deposit: Deposit | undefined }
  | { readonly status: 'decided'; readonly deposit: Deposit }
  | { readonly status: 'failed'; readonly error: unknown };

const OPEN: ReadonlySet<PaymentStatus> = new Set(['created', 'pending']);
/** The provider is asked by the server whenever we ask; people wait for seconds, banks sometimes for minutes. */
const FIRST_PAUSE_MS = 800;
const LONGEST_PAUSE_MS = 5_000;
const LONG_MS = 6_000;
const PATIENCE_MS = 60_000;
const AT_FIRST: PaymentView = { status: 'waiting', pace: 'usual', deposit: undefined };

/** Asks for a payment until it is decided. A network that is gone for a moment is waited for. */
export class PaymentWatch {
  readonly #read: (signal: AbortSignal) => Promise<Deposit>;
  readonly #state = createStore<PaymentView>(AT_FIRST);
  #run: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(read: (signal: AbortSignal) => Promise<Deposit>) {
    this.#read = read;
  }

  get state(): ValueStore<PaymentView> {
    return this.#state;
  }

  /** Begins, or begins anew. */
  start(): void {
    this.close();
    this.#state.write(AT_FIRST);
    const run = new AbortController();
    this.#run = run;
    void this.#ask(run.signal, FIRST_PAUSE_MS, 0);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#run?.abort();
  }

  async #ask(signal: AbortSignal, pauseMs: number, waitedMs: number): Promise<void> {
    const patient = waitedMs < PATIENCE_MS;
    try {
      const deposit = await this.#read(signal);
      if (signal.aborted) return;
      if (!OPEN.has(deposit.status)) {
        this.#state.write({ status: 'decided', deposit });
        return;
      }
      const pace = !patient ? 'slow' : waitedMs >= LONG_MS ? 'long' : 'usual';
      this.#state.write({ status: 'waiting', pace, deposit });
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(errorCode(error)) || !patient) {
        this.#state.write({ status: 'failed', error });
        return;
      }
    }
    if (!patient) return;
    const longer = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
    this.#timer = setTimeout(() => void this.#ask(signal, longer, waitedMs + pauseMs), pauseMs);
  }
}

const isPassing = (code: string): boolean =>
  code === 'network' || code === 'timed_out' || code === 'internal' || code === 'payment_provider_unavailable';
