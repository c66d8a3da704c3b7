import { existsSync } from 'node:fs';
import path from 'node:path';
import { Router as AdminRouter } from 'adminjs';
import compression from 'compression';
import { Router } from 'express';
import { AppError } from '../../platform/errors.ts';
import { tokenSheet } from '../look/palette.ts';

const FONT = /^onest-(latin|latin-ext|cyrillic)\.woff2$/;

/**
 * What the panel's pages load. AdminJS's own finished scripts are served in their production form whatever NODE_ENV is, and
 * our components from the folder that the set-up made: nothing is bundled here.
 */
export function panelAssets(bundleFolder: string): Router {
  const router = Router();
  const own = path.join(import.meta.dirname, '../static');
  const files = new Map<string, string>([
    ...AdminRouter.assets.map(({ path: address, src }): [string, string] => [
      path.basename(address),
      path.resolve(src.replace(/\.development\.js$/, '.production.js')),
    ]),
    ['components.bundle.js', path.join(bundleFolder, 'bundle.js')],
    ...['panel.css', 'figures.css', 'keeping.css', 'top-bar.css', 'mark.svg'].map((name): [string, string] => [
      name,
      path.join(own, name),
    ]),
  ]);
  router.use(compression());
  router.get('/tokens.css', (_request, response) => {
    response.setHeader('Cache-Control', 'no-cache');
    response.type('css').send(tokenSheet());
  });
  router.get('/:name', (request, response, next) => {
    const { name } = request.params;
    const file = FONT.test(name) ? path.join(bundleFolder, name) : files.get(name);
    if (file === undefined) return next();
    if (name === 'components.bundle.js' && !existsSync(file)) throw notBuilt();
    // Asked for again each time, answered by 304 while it is the same: a name without a hash may not be kept for good.
    response.setHeader('Cache-Control', 'no-cache');
    // By its folder: express looks for dots in the whole of a path otherwise, and ours may lie in `.local`.
    response.sendFile(path.basename(file), { root: path.dirname(file), cacheControl: false, etag: true });
  });
  return router;
}

function notBuilt(): AppError {
  return new AppError({
    code: 'panel_not_built',
    kind: 'unavailable',
    message: 'The panel has not been built. Run ./ailingva up.',
  });
}
