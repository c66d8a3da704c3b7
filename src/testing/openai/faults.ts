/** At the beginning of a request or of a connection. */
export type EarlyFault = 'bad_key' | 'forbidden' | 'quota' | 'rate_limit' | 'server_error' | 'hang';
/** Within a stream, after its first piece. In a realtime session: within the next answer or transcript. */
export type LateFault = 'reset' | 'stall' | 'garbage' | 'error_event' | 'expire';
export type Fault = EarlyFault | LateFault;

const LATE: ReadonlySet<Fault> = new Set(['reset', 'stall', 'garbage', 'error_event', 'expire']);

/** What is to go wrong next, each thing once. */
export class Faults {
  #next: Fault[] = [];

  add(faults: readonly Fault[]): void {
    this.#next.push(...faults);
  }

  takeEarly(): EarlyFault | undefined {
    return this.#take(false) as EarlyFault | undefined;
  }

  takeLate(): LateFault | undefined {
    return this.#take(true) as LateFault | undefined;
  }

  #take(late: boolean): Fault | undefined {
    const index = this.#next.findIndex((fault) => LATE.has(fault) === late);
    return index === -1 ? undefined : this.#next.splice(index, 1)[0];
  }
}

export interface Refusal {
  readonly status: number;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: null;
    readonly code: string | null;
  };
  readonly headers?: Readonly<Record<string, string>>;
}

function refusal(status: number, type: string, code: string | null, message: string): Refusal {
  return { status, error: { message, type, param: null, code } };
}

/** As the vendor words them. https://developers.openai.com/api/docs/guides/error-codes */
export const REFUSALS: Readonly<Record<Exclude<EarlyFault, 'hang'>, Refusal>> = {
  bad_key: refusal(401, 'invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'),
  forbidden: refusal(403, 'invalid_request_error', 'unsupported_country_region_territory', 'Not supported here.'),
  quota: refusal(429, 'insufficient_quota', 'insufficient_quota', 'You exceeded your current quota.'),
  rate_limit: {
    ...refusal(429, 'requests', 'rate_limit_exceeded', 'Rate limit reached for requests.'),
    headers: { 'retry-after': '7', 'retry-after-ms': '6500' },
  },
  server_error: refusal(500, 'server_error', null, 'The server had an error while processing your request.'),
};
