import { errorCode } from '../api/api-error.ts';
import type { Quote } from '../api/types.ts';
import { createStore } from '../app/value-store.ts';
import type { ValueStore } from '../app/value-store.ts';
import { roublesOf } from './amount.ts';

export type QuoteState =
  | { readonly status: 'none' }
  /** `last` is of another amount: shown faintly, so that the page does not jump while one types. */
  | { readonly status: 'asking'; readonly last: Quote | undefined }
  | { readonly status: 'known'; readonly kopecks: number; readonly quote: Quote }
  | { readonly status: 'failed'; readonly error: unknown };

const TYPING_PAUSE_MS = 250;

/** Asks what an amount buys while it is typed: after a pause, and never two answers in the wrong order. */
export class QuoteDesk {
  readonly #ask: (roubles: number, signal: AbortSignal) => Promise<Quote>;
  readonly #state = createStore<QuoteState>({ status: 'none' });
  #last: Quote | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request: AbortController | undefined;

  constructor(ask: (roubles: number, signal: AbortSignal) => Promise<Quote>) {
    this.#ask = ask;
  }

  get state(): ValueStore<QuoteState> {
    return this.#state;
  }

  /** `undefined`: there is no amount to ask for. What was asked before is given up. */
  want(kopecks: number | undefined): void {
    this.close();
    if (kopecks === undefined) {
      this.#state.write({ status: 'none' });
      return;
    }
    this.#state.write({ status: 'asking', last: this.#last });
    this.#timer = setTimeout(() => void this.#fetch(kopecks), TYPING_PAUSE_MS);
  }

  /** Gives up what is under way; the desk may be asked again. */
  close(): void {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = undefined;
  }

  async #fetch(kopecks: number): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    try {
      const quote = await this.#ask(roublesOf(kopecks), request.signal);
      if (request.signal.aborted) return;
      this.#last = quote;
      this.#state.write({ status: 'known', kopecks, quote });
    } catch (error) {
      if (request.signal.aborted || errorCode(error) === 'aborted') return;
      this.#state.write({ status: 'failed', error });
    }
  }
}
