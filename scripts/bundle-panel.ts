import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { AdminJS } from 'adminjs';
import { panelComponents } from '../src/admin/components.ts';

/**
 * Bundles the panel's components into the folder that `ADMIN_JS_TMP_DIR` names, and puts its fonts beside. A program of
 * its own (the set-up runs it): rollup takes seconds and most of a gigabyte, and AdminJS reads both variables when it is loaded.
 */
const folder = process.env['ADMIN_JS_TMP_DIR'];
if (folder === undefined || process.env['NODE_ENV'] !== 'production') {
  throw new Error('Set ADMIN_JS_TMP_DIR, and NODE_ENV to production');
}
await new AdminJS({ componentLoader: panelComponents() }).initialize();
const fonts = path.join(import.meta.dirname, '../node_modules/@fontsource-variable/onest/files');
for (const letters of ['latin', 'latin-ext', 'cyrillic']) {
  await copyFile(path.join(fonts, `onest-${letters}-wght-normal.woff2`), path.join(folder, `onest-${letters}.woff2`));
}
