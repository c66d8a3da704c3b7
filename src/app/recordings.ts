import path from 'node:path';
import type { Knex } from 'knex';
import { createFolderStore, createS3Store, Recordings, type RecordingStore } from '../media/recording/index.ts';
import { systemClock } from '../platform/clock.ts';
import type { ServiceConfig } from '../platform/config.ts';
import type { Logger } from '../platform/log.ts';

/** Recordings where the configuration puts them. Does no I/O. */
export function openRecordings(
  config: ServiceConfig,
  { knex, log }: { readonly knex: Knex; readonly log: Logger },
): { readonly recordings: Recordings; readonly store: RecordingStore } {
  const { folder, s3 } = config.recordings;
  const store = s3
    ? createS3Store({ ...s3, spoolFolder: path.join(folder, 'spool'), log, clock: systemClock })
    : createFolderStore({ folder });
  return { recordings: new Recordings({ knex, store, log }), store };
}
