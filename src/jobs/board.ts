import type { BoardHandler, BoardOptions } from './board-pages.ts';
import { QUEUE_NAMES } from './definitions.ts';
import type { Queues } from './queues.ts';

/**
 * What the board's pages may do: more than the rest of ours only in that it writes styles and a `base` into its page. From
 * other hosts nothing.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "object-src 'none'",
  "frame-ancestors 'self'",
].join('; ');

/**
 * Shows the queues, whichever store they stand in, and lets jobs be looked at, replayed, removed. Whoever mounts it lets in
 * whom it may concern: the board asks nobody who they are. Errors, such as `queue_unavailable`, go to `next`.
 */
export function createBoardRouter(queues: Queues, options: BoardOptions): BoardHandler {
  let opening: Promise<BoardHandler> | undefined;

  async function open(): Promise<BoardHandler> {
    // Loaded where the board is looked at, not wherever a job is put in.
    const { serveBoard } = await import('./board-pages.ts');
    const opened = await Promise.all(QUEUE_NAMES.map((name) => queues.queue(name)));
    return serveBoard(opened, options);
  }

  return (request, response, next) => {
    response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    opening.then((router) => router(request, response, next), next);
  };
}
