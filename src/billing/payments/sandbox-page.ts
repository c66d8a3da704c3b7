import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../platform/log.ts';
import { paymentPage, refusalPage, sandboxLanguage, type SandboxRefusal } from './sandbox-html.ts';
import { SANDBOX_STYLE } from './sandbox-style.ts';
import type { Sandbox } from './sandbox.ts';

/** Mounted among the HTTP application's middleware. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

export interface SandboxPageOptions {
  readonly sandbox: Sandbox;
  readonly log: Logger;
  /** Where the sandbox sends its notifications: what its webhook is given. */
  readonly notify: (body: unknown) => Promise<unknown>;
}

const STYLE_ADDRESS = '/sandbox/style.css';
const ADDRESS = /^\/sandbox\/payments\/([0-9a-f-]{36})(?:\/(pay|decline))?$/;

/** The sandbox's own page: `/sandbox/payments/{id}` with a button to pay and one to decline. */
export function createSandboxPage(options: SandboxPageOptions): PageHandler {
  return (request, response, next) => {
    const address = (request.url ?? '').split('?')[0] ?? '';
    if (address === STYLE_ADDRESS) return respond(response, 200, SANDBOX_STYLE, 'text/css');
    const [, id, button] = ADDRESS.exec(address) ?? [];
    if (id === undefined) return next();
    // What a form sends besides its address is nothing to us.
    request.resume();
    const answering =
      button === undefined
        ? show(options, id, request, response)
        : press(options, id, button === 'pay' ? 'succeeded' : 'canceled', request, response);
    answering.catch(next);
  };
}

async function show({ sandbox }: SandboxPageOptions, id: string, request: IncomingMessage, response: ServerResponse) {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(request, response, 405, 'open');
  const payment = await sandbox.find(id);
  if (!payment) return refuse(request, response, 404, 'unknown');
  respond(response, 200, paymentPage(payment, sandboxLanguage(request.headers['accept-language'])));
}

async function press(
  { sandbox, notify, log }: SandboxPageOptions,
  id: string,
  decision: 'succeeded' | 'canceled',
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') return refuse(request, response, 405, 'press');
  if (request.headers['sec-fetch-site'] === 'cross-site') return refuse(request, response, 403, 'elsewhere');
  const payment = await sandbox.decide(id, decision);
  if (!payment) return refuse(request, response, 404, 'unknown');
  // Lost like a real one: the payment is asked after anyway.
  await notify({ event: `payment.${payment.status}`, object: { id } }).catch((error: unknown) => {
    log.warn({ err: error }, 'The sandbox could not deliver its notification');
  });
  response.writeHead(303, { Location: payment.returnUrl, 'Cache-Control': 'no-store' }).end();
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, why: SandboxRefusal): void {
  respond(response, status, refusalPage(why, sandboxLanguage(request.headers['accept-language'])));
}

function respond(response: ServerResponse, status: number, body: string, type = 'text/html'): void {
  response
    .writeHead(status, {
      'Content-Type': `${type}; charset=utf-8`,
      'Cache-Control': 'no-store',
      Vary: 'Accept-Language',
    })
    .end(body);
}
