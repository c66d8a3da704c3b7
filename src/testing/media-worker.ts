import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { version } from 'mediasoup';

/**
 * The media worker's program for tests: `MEDIASOUP_WORKER_BIN`, else what the set-up has built, else undefined for
 * mediasoup's own prebuilt.
 */
export function mediaWorkerBin(): string | undefined {
  const given = process.env['MEDIASOUP_WORKER_BIN'];
  if (given) return given;
  const built = fileURLToPath(new URL(`../../.local/mediasoup-worker/${version}/mediasoup-worker`, import.meta.url));
  return existsSync(built) ? built : undefined;
}
