import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { z } from 'zod';
import { listen } from '../../platform/http/server.ts';

/**
 * A server that speaks YooKassa's API v3 as far as we use it, with its own books, and fails on demand.
 * https://yookassa.ru/developers/api
 */
export interface YookassaServer {
  /** For YOOKASSA_API_URL. */
  readonly apiUrl: string;
  /** Its answers need these. */
  readonly shopId: string;
  readonly secretKey: string;
  readonly payments: ReadonlyMap<string, StoredPayment>;
  readonly requests: readonly RecordedRequest[];
  /** The payer pays: the whole amount, or what is named. */
  readonly pay: (id: string, amount?: Partial<Amount>) => void;
  /** The payer pays, and the money waits to be captured. */
  readonly authorize: (id: string) => void;
  readonly cancel: (id: string, reason?: string) => void;
  /** Staff give money back in YooKassa's own cabinet. */
  readonly giveBack: (id: string, value: string) => void;
  /** The shop is under 54-FZ: from now on money needs receipts. Those that come are looked at in any case. */
  readonly demandReceipts: () => void;
  /** From now on refunds stay pending until `finishRefund`. */
  readonly holdRefunds: () => void;
  readonly finishRefund: (status: 'succeeded' | 'canceled') => void;
  /** What happens to the next requests, one each; then all is well again. */
  readonly failNext: (...failures: readonly Failure[]) => void;
  readonly notification: (event: string, id: string) => unknown;
}

export type Failure =
  /** Answers this, having done nothing. */
  | { readonly status: number; readonly retryAfter?: number }
  /** Does what was asked, and answers 500. */
  | 'after the deed'
  /** Does what was asked, and cuts the connection. */
  | 'cut'
  /** Never answers. */
  | 'hang'
  /** Answers 200 with what is no JSON. */
  | 'garbage'
  /** Not this one. */
  | 'none';

interface Amount {
  readonly value: string;
  readonly currency: string;
}

export interface StoredPayment {
  readonly id: string;
  status: 'pending' | 'waiting_for_capture' | 'succeeded' | 'canceled';
  amount: Amount;
  refundedHundredths: number;
  readonly metadata: unknown;
  readonly returnUrl: string;
  cancellation?: string;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly body: unknown;
}

interface StoredRefund {
  readonly id: string;
  readonly paymentId: string;
  readonly amount: Amount;
  status: 'pending' | 'succeeded' | 'canceled';
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export async function startYookassaServer(t: Pick<TestContext, 'after'>): Promise<YookassaServer> {
  const shopId = '100500';
  const secretKey = 'test_secret';
  const payments = new Map<string, StoredPayment>();
  const refunds = new Map<string, StoredRefund>();
  const answers = new Map<string, { readonly asked: string; readonly answer: Answer }>();
  const requests: RecordedRequest[] = [];
  const failures: Failure[] = [];
  let refundsWait = false;
  let receiptsNeeded = false;

  function route(request: RecordedRequest): Answer {
    const [, , collection, id, verb] = request.path.split('/');
    const body = (request.body ?? {}) as { readonly [name: string]: unknown };
    if (request.method === 'GET') {
      const found = collection === 'payments' ? payments.get(id ?? '') : undefined;
      const refund = collection === 'refunds' ? refunds.get(id ?? '') : undefined;
      if (found) return { status: 200, body: showPayment(found) };
      return refund ? { status: 200, body: showRefund(refund) } : problem(404, 'not_found');
    }
    if (collection === 'payments' && id === undefined) return create(body);
    if (collection === 'payments' && verb === 'capture') return capture(payments.get(id ?? ''), body);
    if (collection === 'refunds') return giveMoneyBack(body);
    return problem(404, 'not_found');
  }

  function create(body: { readonly [name: string]: unknown }): Answer {
    const amount = amountOf(body['amount']);
    const confirmation = body['confirmation'] as { readonly type?: unknown; readonly return_url?: unknown } | undefined;
    if (!amount) return problem(400, 'invalid_request', 'amount');
    if (confirmation?.type !== 'redirect' || typeof confirmation.return_url !== 'string') {
      return problem(400, 'invalid_request', 'confirmation');
    }
    if (body['capture'] !== true) return problem(400, 'invalid_request', 'capture');
    if (!receiptFits(body['receipt'], amount, receiptsNeeded)) return problem(400, 'invalid_request', 'receipt');
    const { metadata = {} } = body;
    const stored: StoredPayment = {
      id: randomUUID(),
      status: 'pending',
      amount,
      refundedHundredths: 0,
      metadata,
      returnUrl: confirmation.return_url,
    };
    payments.set(stored.id, stored);
    return { status: 200, body: showPayment(stored) };
  }

  function capture(payment: StoredPayment | undefined, body: { readonly [name: string]: unknown }): Answer {
    if (!payment) return problem(404, 'not_found');
    if (payment.status !== 'waiting_for_capture') return problem(400, 'invalid_request');
    payment.status = 'succeeded';
    payment.amount = amountOf(body['amount']) ?? payment.amount;
    return { status: 200, body: showPayment(payment) };
  }

  function giveMoneyBack(body: { readonly [name: string]: unknown }): Answer {
    const payment = payments.get(String(body['payment_id']));
    const amount = amountOf(body['amount']);
    if (!payment || !amount) return problem(400, 'invalid_request', 'payment_id');
    const left = hundredths(payment.amount.value) - payment.refundedHundredths;
    if (payment.status !== 'succeeded' || hundredths(amount.value) > left)
      return problem(400, 'invalid_request', 'amount');
    const whole = amount.value === payment.amount.value;
    // Of a whole payment it has the receipt already.
    if (whole ? body['receipt'] !== undefined : !receiptFits(body['receipt'], amount, receiptsNeeded)) {
      return problem(400, 'invalid_request', 'receipt');
    }
    const stored: StoredRefund = { id: randomUUID(), paymentId: payment.id, amount, status: 'pending' };
    refunds.set(stored.id, stored);
    if (!refundsWait) finish(stored, 'succeeded');
    return { status: 200, body: showRefund(stored) };
  }

  function finish(stored: StoredRefund, status: 'succeeded' | 'canceled'): void {
    stored.status = status;
    const payment = payments.get(stored.paymentId);
    if (payment && status === 'succeeded') payment.refundedHundredths += hundredths(stored.amount.value);
  }

  /** The same key gives the same answer; another request under it is refused. */
  function once(request: RecordedRequest): Answer {
    if (request.method !== 'POST') return route(request);
    if (request.key === undefined || request.key.length > 64) return problem(400, 'invalid_request', 'Idempotence-Key');
    const asked = JSON.stringify([request.path, request.body]);
    const earlier = answers.get(request.key);
    if (earlier) return earlier.asked === asked ? earlier.answer : problem(400, 'invalid_request', 'Idempotence-Key');
    const answer = route(request);
    answers.set(request.key, { asked, answer });
    return answer;
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const key = incoming.headers['idempotence-key'];
    const request: RecordedRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      key: typeof key === 'string' ? key : undefined,
      body: text === '' ? undefined : JSON.parse(text),
    };
    requests.push(request);
    const failure = failures.shift();
    if (failure === 'hang') return;
    if (typeof failure === 'object') {
      if (failure.retryAfter !== undefined) response.setHeader('Retry-After', failure.retryAfter);
      return send(response, problem(failure.status, failure.status === 429 ? 'too_many_requests' : 'failure'));
    }
    const expected = `Basic ${Buffer.from(`${shopId}:${secretKey}`).toString('base64')}`;
    const answer = incoming.headers.authorization === expected ? once(request) : problem(401, 'invalid_credentials');
    if (failure === 'after the deed') return send(response, problem(500, 'internal_server_error'));
    if (failure === 'cut') return void response.destroy();
    if (failure === 'garbage') return void response.writeHead(200).end('<html>');
    send(response, answer);
  }

  const server = await listen({
    app: (incoming, response) => void serve(incoming, response).catch(() => response.destroy()),
    host: '127.0.0.1',
    port: 0,
    graceMs: 0,
  });
  t.after(() => server.close());

  const known = (id: string): StoredPayment => {
    const payment = payments.get(id);
    if (!payment) throw new Error('There is no such payment');
    return payment;
  };
  return {
    apiUrl: `${server.url}/v3`,
    shopId,
    secretKey,
    payments,
    requests,
    pay(id, amount = {}) {
      const payment = known(id);
      payment.status = 'succeeded';
      payment.amount = { ...payment.amount, ...amount };
    },
    authorize: (id) => void (known(id).status = 'waiting_for_capture'),
    cancel(id, reason = 'expired_on_confirmation') {
      const payment = known(id);
      payment.status = 'canceled';
      payment.cancellation = reason;
    },
    giveBack: (id, value) => void (known(id).refundedHundredths += hundredths(value)),
    demandReceipts: () => void (receiptsNeeded = true),
    holdRefunds: () => void (refundsWait = true),
    finishRefund(status) {
      for (const stored of refunds.values()) if (stored.status === 'pending') finish(stored, status);
    },
    failNext: (...next) => void failures.push(...next),
    notification: (event, id) => ({ type: 'notification', event, object: showPayment(known(id)) }),
  };
}

function showPayment(payment: StoredPayment): unknown {
  const { id, status, amount, metadata, returnUrl, refundedHundredths, cancellation } = payment;
  const value = (refundedHundredths / 100).toFixed(2);
  return {
    id,
    status,
    paid: status === 'succeeded' || status === 'waiting_for_capture',
    amount,
    ...(refundedHundredths > 0 && { refunded_amount: { value, currency: amount.currency } }),
    ...(status === 'pending' && {
      confirmation: {
        type: 'redirect',
        return_url: returnUrl,
        confirmation_url: `https://yoomoney.example/checkout?order=${id}`,
      },
    }),
    ...(cancellation !== undefined && { cancellation_details: { party: 'yoo_money', reason: cancellation } }),
    metadata,
    recipient: { account_id: '100500', gateway_id: '100700' },
    created_at: '2026-01-05T09:00:00.000Z',
    refundable: status === 'succeeded',
    test: true,
  };
}

function showRefund({ id, paymentId, amount, status }: StoredRefund): unknown {
  return { id, payment_id: paymentId, amount, status, created_at: '2026-01-05T09:00:00.000Z' };
}

function amountOf(value: unknown): Amount | undefined {
  const amount = value as Partial<Amount> | undefined;
  return amount && /^\d+\.\d{2}$/.test(amount.value ?? '') && amount.currency !== undefined
    ? { value: amount.value ?? '', currency: amount.currency }
    : undefined;
}

const receiptMessage = z.object({
  customer: z.object({ email: z.email() }),
  items: z
    .array(
      z.object({
        description: z.string().min(1).max(128),
        quantity: z.number().positive(),
        measure: z.literal('piece'),
        amount: z.object({ value: z.string().regex(/^\d+\.\d{2}$/), currency: z.string() }),
        vat_code: z.int().min(1).max(12),
        payment_subject: z.literal('service'),
        payment_mode: z.enum(['full_prepayment', 'full_payment']),
      }),
    )
    .min(1)
    .max(100),
  tax_system_code: z.int().min(1).max(6).optional(),
});

/** https://yookassa.ru/developers/api#create_payment_receipt: what its items cost is what is paid. */
function receiptFits(receipt: unknown, amount: Amount, needed: boolean): boolean {
  if (receipt === undefined) return !needed;
  const { data } = receiptMessage.safeParse(receipt);
  if (!data?.items.every((item) => item.amount.currency === amount.currency)) return false;
  const total = data.items.reduce((sum, item) => sum + hundredths(item.amount.value) * item.quantity, 0);
  return total === hundredths(amount.value);
}

function hundredths(value: string): number {
  return Math.round(Number(value) * 100);
}

function problem(status: number, code: string, parameter?: string): Answer {
  return { status, body: { type: 'error', id: randomUUID(), code, description: 'As asked by the test', parameter } };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
