import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';

/** Before anything is painted: the light or the dark that was chosen (components/look/scheme.ts), or the system's. */
const FIRST_PAINT = `<meta name="color-scheme" content="light dark">
      <script>{
        let look = null;
        try { look = localStorage.getItem('ailingva.theme'); } catch {}
        document.documentElement.style.colorScheme = look === 'light' || look === 'dark' ? look : 'light dark';
      }</script>`;

/**
 * AdminJS prints scripts into its pages: each gets the page's nonce, so that the policy lets it run and no other. The
 * fonts it takes from another host go; ours are in the panel's own style sheet. Style sheets that its components make as they
 * appear cannot be named beforehand: inline styles are allowed, which run nothing.
 */
export function pageHeaders(publicUrl: string): RequestHandler {
  const { protocol, host } = new URL(publicUrl);
  const socket = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}`;
  return (_request, response, next) => {
    const nonce = randomBytes(16).toString('base64');
    response.setHeader('Content-Security-Policy', policy(nonce, socket));
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Referrer-Policy', 'same-origin');
    response.setHeader('X-Robots-Tag', 'noindex');
    const send = response.send.bind(response);
    response.send = (body: unknown) => send(typeof body === 'string' && isPage(body) ? withNonce(body, nonce) : body);
    next();
  };
}

function policy(nonce: string, socket: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ${socket}`,
    "media-src 'self' blob:",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
  ].join(';');
}

function isPage(body: string): boolean {
  return body.includes('window.REDUX_STATE');
}

function withNonce(html: string, nonce: string): string {
  if (!html.includes('<head>')) throw new Error('A page of AdminJS has no <head> to put the first paint into');
  return html
    .replaceAll(/<link[^>]*href="https?:\/\/[^>]*>/g, '')
    .replace('<head>', `<head>\n      ${FIRST_PAINT}`)
    .replaceAll(/<script(?=[\s>])/g, `<script nonce="${nonce}"`);
}
