import type { IncomingMessage } from 'node:http';

/**
 * Whether the request comes from a page of the address that it asks (or from no page at all). Behind our own proxy
 * the asked address is in `X-Forwarded-Host`; a foreign page cannot set that header without being allowed to, and is not.
 * Sockets are not under the browser's same-origin rule, so the server has to look.
 */
export function isSameOrigin({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const forwarded = headers['x-forwarded-host'];
  const asked = [host, ...(typeof forwarded === 'string' ? forwarded.split(',') : [])];
  return asked.some((name) => name?.trim().toLowerCase() === new URL(origin).host);
}
