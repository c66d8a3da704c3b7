/** A change that was refused: why, in the server's code, and what it says of it. */
export class Refused extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, details: Readonly<Record<string, unknown>>) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

const PATIENCE_MS = 40_000;

interface SendOptions {
  readonly patienceMs?: number;
  /** Where the same again is not done again. */
  readonly idempotencyKey?: string;
}

/** Sends a change to the panel's data. @throws Refused; `unreachable` where nobody answered */
export async function send<Answer>(address: string, body: unknown, options: SendOptions = {}): Promise<Answer> {
  const { patienceMs = PATIENCE_MS, idempotencyKey } = options;
  let answer: Response;
  try {
    answer = await fetch(address, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    });
  } catch {
    throw new Refused('unreachable', {});
  }
  const said = (await answer.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  if (answer.ok) return said as Answer;
  throw new Refused(typeof said['code'] === 'string' ? said['code'] : 'unreachable', said);
}
