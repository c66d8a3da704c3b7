import type { Readable } from 'node:stream';
import { AppError } from '../../platform/errors.ts';

/** Where recordings stand. A key is a relative path of lower-case letters, digits, hyphens, dots and slashes. */
export interface RecordingStore {
  readonly name: 'folder' | 's3';
  /** Begins a file, which is kept from its first bytes on, whatever becomes of the process. */
  create(key: string): Promise<RecordingWriter>;
  /**
   * @param range the first and the last byte wanted; `last` absent: up to the end; `first` absent: the last `last` bytes
   * @throws AppError `recording_not_found`, `range_not_satisfiable`
   */
  read(key: string, range?: ByteRange): Promise<StoredBytes>;
  /** What is not there is deleted already. */
  delete(key: string): Promise<void>;
  /** Puts to their place what a crash or a failing store left behind; how many files. For processes that write, now and then. */
  recover(claims: RecordingClaims): Promise<number>;
  close(): void;
}

/** Who recovers asks before and tells after: what was deleted meanwhile is not put back. */
export interface RecordingClaims {
  /** Whether the recording is still to be kept. */
  readonly isWanted: (key: string) => Promise<boolean>;
  /** It is in its place now, so many bytes of it; false when it is not to be kept any more. */
  readonly noteStored: (key: string, bytes: number) => Promise<boolean>;
}

export interface ByteRange {
  readonly first?: number | undefined;
  readonly last?: number | undefined;
}

export interface StoredBytes {
  readonly stream: Readable;
  /** Of the whole file. */
  readonly size: number;
  /** Of what is streamed, both inclusive. */
  readonly first: number;
  readonly last: number;
}

export interface RecordingWriter {
  /** In order, one at a time. */
  append(bytes: Uint8Array): Promise<void>;
  /**
   * `stored`: everything is where it belongs. `kept`: all of it is on this machine's disk, and a recovery puts it there.
   * Idempotent.
   */
  finish(): Promise<'stored' | 'kept'>;
}

/** @throws AppError `range_not_satisfiable` (RFC 9110, section 15.5.17) */
export function resolveRange(size: number, range: ByteRange | undefined): { first: number; last: number } {
  if (!range) return { first: 0, last: size - 1 };
  const { first, last } = range;
  const resolved =
    first === undefined
      ? { first: Math.max(0, size - (last ?? 0)), last: size - 1 }
      : { first, last: Math.min(last ?? size - 1, size - 1) };
  if (resolved.first > resolved.last || resolved.first >= size) {
    throw new AppError({
      code: 'range_not_satisfiable',
      kind: 'invalid',
      message: 'The recording has no such bytes.',
      details: { size },
    });
  }
  return resolved;
}

export function recordingNotFound(cause?: unknown): AppError {
  return new AppError({
    code: 'recording_not_found',
    kind: 'not_found',
    message: 'There is no such recording.',
    cause,
  });
}

export function recordingBeingStored(cause: unknown): AppError {
  return new AppError({
    code: 'recording_being_stored',
    kind: 'unavailable',
    retryable: true,
    message: 'The recording is still being stored. Try again in some minutes.',
    details: { retry_after_seconds: 300 },
    cause,
  });
}

/** Keys are made here and nowhere else; whatever else comes in is a mistake that must not reach the disk. */
export function assertKey(key: string): void {
  if (!/^[a-z0-9-]+(\/[a-z0-9.-]+)*$/.test(key) || key.includes('..'))
    throw new RangeError('Not the key of a recording');
}
