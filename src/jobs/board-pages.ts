import type { IncomingMessage, ServerResponse } from 'node:http';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { StoreQueue } from './store.ts';

/** Fits `app.use`. */
export type BoardHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

export interface BoardOptions {
  /** Where it is mounted, as browsers see it: `/admin/queues`. */
  readonly basePath: string;
  /** Shows everything, and refuses every change. */
  readonly readOnly?: boolean;
  /** The address of the house's sign, on the page and its tab; the board's own without it. */
  readonly sign?: string;
}

/** The board takes queues of every backend; its types know only those in Redis. */
type AnyQueue = ConstructorParameters<typeof BullMQAdapter>[0];

export function serveBoard(
  queues: readonly StoreQueue[],
  { basePath, readOnly = false, sign }: BoardOptions,
): BoardHandler {
  const server = new BoardServer();
  server.setBasePath(basePath);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue as AnyQueue, { readOnlyMode: readOnly })),
    serverAdapter: server,
    options: {
      uiConfig: {
        boardTitle: 'AIlingva',
        hideRedisDetails: readOnly,
        ...(sign !== undefined && { boardLogo: { path: sign }, favIcon: { default: sign, alternative: sign } }),
      },
    },
  });
  const router: BoardHandler = server.getRouter();
  return router;
}

/** Without the letters that the page would have from another host. */
class BoardServer extends ExpressAdapter {
  override setEntryRoute(route: Parameters<ExpressAdapter['setEntryRoute']>[0]): this {
    this.app[route.method](route.route, (_request, response, next) => {
      const { name, params } = route.handler({ basePath: this.basePath, uiConfig: this.uiConfig });
      this.app.render(name, params, (error: Error | null, page?: string) => {
        if (error !== null || page === undefined) next(error);
        else response.type('html').send(page.replaceAll(/<link[^>]*fonts\.googleapis\.com[^>]*>/g, ''));
      });
    });
    return this;
  }
}
