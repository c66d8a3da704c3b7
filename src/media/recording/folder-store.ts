import { createReadStream } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  assertKey,
  type ByteRange,
  recordingNotFound,
  type RecordingStore,
  type RecordingWriter,
  resolveRange,
  type StoredBytes,
} from './recording-store.ts';

/** Recordings as files below one folder, readable by their owner alone. */
export function createFolderStore({ folder }: { readonly folder: string }): RecordingStore {
  const fileOf = (key: string) => {
    assertKey(key);
    return path.join(folder, key);
  };
  return {
    name: 'folder',
    create: (key) => appendTo(fileOf(key)),
    read: (key, range) => readFrom(fileOf(key), range),
    delete: (key) => rm(fileOf(key), { force: true }),
    // What was written is where it belongs.
    recover: () => Promise.resolve(0),
    close() {},
  };
}

/** A new file that grows at its end. @throws when there is one of this name */
export async function appendTo(file: string): Promise<RecordingWriter> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'ax', 0o600);
  let finished: Promise<'stored'> | undefined;
  return {
    append: async (bytes) => {
      await handle.appendFile(bytes);
    },
    finish: () => (finished ??= handle.close().then(() => 'stored')),
  };
}

export async function readFrom(file: string, range: ByteRange | undefined): Promise<StoredBytes> {
  const { size } = await stat(file).catch((cause: unknown) => {
    throw recordingNotFound(cause);
  });
  if (size === 0) return { stream: Readable.from([]), size, first: 0, last: -1 };
  const { first, last } = resolveRange(size, range);
  return { stream: createReadStream(file, { start: first, end: last }), size, first, last };
}
