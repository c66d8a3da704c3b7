import { readFile } from 'node:fs/promises';
import path from 'node:path';
import compression from 'compression';
import express, { Router } from 'express';
import { AppError } from '../errors.ts';

/**
 * The built page. Files under `assets/` carry a hash of their content in their name and never change;
 * everything else is asked for again. An address that only the page knows gets `index.html`.
 */
export function servePage(root: string): Router {
  const router = Router();
  const index = path.join(root, 'index.html');
  // A script is read once a visit and is mostly waited for: a third of its bytes is worth the milliseconds.
  router.use(compression());
  router.use(
    '/assets',
    express.static(path.join(root, 'assets'), { index: false, fallthrough: true, immutable: true, maxAge: '365d' }),
  );
  router.use(
    express.static(root, {
      index: false,
      redirect: false,
      setHeaders: (response) => response.setHeader('Cache-Control', 'no-cache'),
    }),
  );
  router.get('/{*path}', async (request, response, next) => {
    if (!isPageAddress(request.path) || !request.accepts('html')) return next();
    // Read each time: a page built while the process runs is served at once.
    const html = await readFile(index).catch((cause: unknown) => {
      throw new AppError({
        code: 'page_not_built',
        kind: 'unavailable',
        message: 'The page has not been built. Run ./ailingva up.',
        cause,
      });
    });
    response.setHeader('Cache-Control', 'no-cache');
    response.type('html').send(html);
  });
  return router;
}

/** A file that is not there must be a 404, not a page that a script tag then fails to parse. */
function isPageAddress(address: string): boolean {
  return !/^\/(api|rtc|assets|admin)(\/|$)/.test(address) && path.extname(address) === '';
}
