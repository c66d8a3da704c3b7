import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../platform/log.ts';
import { kopecksOf, formatRoubles } from '../money.ts';
import type { Sandbox, SandboxPayment } from './sandbox.ts';

/** Mounted among the HTTP application's middleware. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

export interface SandboxPageOptions {
  readonly sandbox: Sandbox;
  readonly log: Logger;
  /** Where the sandbox sends its notifications: what its webhook is given. */
  readonly notify: (body: unknown) => Promise<unknown>;
}

const ADDRESS = /^\/sandbox\/payments\/([0-9a-f-]{36})(?:\/(pay|decline))?$/;

/** The sandbox's own page: `/sandbox/payments/{id}` with a button to pay and one to decline. */
export function createSandboxPage(options: SandboxPageOptions): PageHandler {
  return (request, response, next) => {
    const [, id, button] = ADDRESS.exec((request.url ?? '').split('?')[0] ?? '') ?? [];
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
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'Open this page.');
  const payment = await sandbox.find(id);
  if (!payment) return refuse(response, 404, 'There is no such payment.');
  respond(response, 200, payment.status === 'pending' ? question(payment) : outcome(payment));
}

async function press(
  { sandbox, notify, log }: SandboxPageOptions,
  id: string,
  decision: 'succeeded' | 'canceled',
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') return refuse(response, 405, 'Press the button.');
  if (request.headers['sec-fetch-site'] === 'cross-site') return refuse(response, 403, 'Open the page itself.');
  const payment = await sandbox.decide(id, decision);
  if (!payment) return refuse(response, 404, 'There is no such payment.');
  // Lost like a real one: the payment is asked after anyway.
  await notify({ event: `payment.${payment.status}`, object: { id } }).catch((error: unknown) => {
    log.warn({ err: error }, 'The sandbox could not deliver its notification');
  });
  response.writeHead(303, { Location: payment.returnUrl, 'Cache-Control': 'no-store' }).end();
}

function refuse(response: ServerResponse, status: number, words: string): void {
  respond(response, status, `<p>${escape(words)}</p>`);
}

function question({ id, amountKopecks, description }: SandboxPayment): string {
  return `<p>${escape(description)}</p>
<p><strong>${escape(formatRoubles(kopecksOf(amountKopecks)))} RUB</strong></p>
<p>This is a sandbox: no money is taken.</p>
<form method="post" action="/sandbox/payments/${id}/pay"><button type="submit">Pay</button></form>
<form method="post" action="/sandbox/payments/${id}/decline"><button type="submit">Decline</button></form>`;
}

function outcome({ status, returnUrl }: SandboxPayment): string {
  return `<p>This payment is ${status === 'succeeded' ? 'paid' : 'declined'}.</p>
<p><a href="${escape(returnUrl)}">Back</a></p>`;
}

function respond(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' })
    .end(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
        `<title>Sandbox payment</title></head><body><main><h1>Sandbox payment</h1>${body}</main></body></html>`,
    );
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
