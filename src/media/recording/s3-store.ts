import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import { appendTo } from './folder-store.ts';
import {
  assertKey,
  type ByteRange,
  recordingNotFound,
  type RecordingStore,
  type RecordingWriter,
  resolveRange,
  type StoredBytes,
} from './recording-store.ts';

export interface S3StoreOptions {
  readonly bucket: string;
  /** Without it, Amazon's own of the region. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Where a recording stands until it is uploaded; on a disk that survives the process. */
  readonly spoolFolder: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Default 5 MiB, the least that a part may have: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
  readonly partBytes?: number;
  /** How long a request may go without an answer. Default 60 000; a whole recording gets more, by its size. */
  readonly requestTimeoutMs?: number;
}

const PART_BYTES = 5 * 1_024 * 1_024;
/** A recording in the making is written to each second; its last part takes no longer than this to be sent. */
const SETTLED_AFTER_MS = 5 * 60_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** A whole recording is sent at least as fast. */
const LEAST_BYTES_PER_MS = 500;
const CONTENT_TYPE = 'audio/ogg';

/**
 * Recordings in a bucket. A recording is written to the spool as it happens and goes to the bucket part by part;
 * what a crash leaves in the spool is uploaded by `recover`.
 */
export function createS3Store(options: S3StoreOptions): RecordingStore {
  const { bucket: Bucket, endpoint, region, accessKeyId, secretAccessKey, spoolFolder, log, clock } = options;
  const requestTimeout = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const client = new S3Client({
    region,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    credentials: { accessKeyId, secretAccessKey },
    // Other makers' servers know fewer checksums than Amazon's.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Without the last, a request that has no answer is only warned of, and waits for ever.
    requestHandler: { requestTimeout, connectionTimeout: 10_000, throwOnRequestTimeout: true },
    // It throws what it says, and would say it on the console besides.
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
  const writing = new Set<string>();
  const spooled = (key: string) => path.join(spoolFolder, key);

  return {
    name: 's3',
    async create(key) {
      assertKey(key);
      const file = spooled(key);
      const local = await appendTo(file);
      writing.add(key);
      return new SpooledUpload({
        client,
        bucket: Bucket,
        key,
        file,
        local,
        log,
        partBytes: options.partBytes ?? PART_BYTES,
        onFinished: () => writing.delete(key),
      });
    },
    async read(key, range) {
      assertKey(key);
      return await readObject(client, { Bucket, Key: key }, range);
    },
    async delete(key) {
      assertKey(key);
      await client.send(new DeleteObjectCommand({ Bucket, Key: key }));
      await rm(spooled(key), { force: true });
    },
    async recover({ isWanted, noteStored }) {
      const settledBeforeMs = clock.now().getTime() - SETTLED_AFTER_MS;
      await mkdir(spoolFolder, { recursive: true, mode: 0o700 });
      const entries = await readdir(spoolFolder, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => path.join(parentPath, name));
      let recovered = 0;
      for (const file of files) {
        const Key = path.relative(spoolFolder, file).split(path.sep).join('/');
        try {
          const { size, mtimeMs } = await stat(file);
          // Somebody still writes or uploads it: this process, or another one with the same spool.
          if (writing.has(Key) || mtimeMs > settledBeforeMs) continue;
          const wanted = await isWanted(Key);
          // What nobody wants must not stay in the bucket unseen, either.
          await abandonUploads(client, { Bucket, Key });
          if (wanted) {
            await sendFile(file, {}, (Body, abortSignal) =>
              client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: size, ContentType: CONTENT_TYPE }), {
                abortSignal,
                requestTimeout: requestTimeout + size / LEAST_BYTES_PER_MS,
              }),
            );
            if (await noteStored(Key, size)) recovered += 1;
            // Deleted while it was sent.
            else await client.send(new DeleteObjectCommand({ Bucket, Key }));
          }
          await rm(file, { force: true });
        } catch (error) {
          // Another process with the same spool was faster.
          if (!existsSync(file)) continue;
          log.warn({ err: error, key: Key }, 'A recording could not be uploaded from the spool; it stays there');
        }
      }
      return recovered;
    },
    close: () => client.destroy(),
  };
}

function ignore(): void {}

interface ObjectName {
  readonly Bucket: string;
  readonly Key: string;
}

async function readObject(client: S3Client, name: ObjectName, range: ByteRange | undefined): Promise<StoredBytes> {
  try {
    const { ContentLength: size = 0 } = await client.send(new HeadObjectCommand(name));
    // No range says "nothing".
    if (size === 0) return { stream: Readable.from([]), size, first: 0, last: -1 };
    const { first, last } = resolveRange(size, range);
    const { Body } = await client.send(new GetObjectCommand({ ...name, Range: `bytes=${first}-${last}` }));
    if (!Body) throw recordingNotFound();
    return { stream: Body as Readable, size, first, last };
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) throw recordingNotFound(error);
    throw error;
  }
}

/** A dead process cannot end what it had begun; its parts would be kept, and paid for, unseen. */
async function abandonUploads(client: S3Client, { Bucket, Key }: ObjectName): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }));
  for (const { UploadId } of Uploads.filter((upload) => upload.Key === Key)) {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  }
}

/**
 * Sends a stretch of a file. The SDK neither closes the body of a request that fails, nor looks at one that cannot be
 * read: nobody else would, and an error that nobody takes ends the process.
 */
async function sendFile<Answer>(
  file: string,
  stretch: { readonly start?: number; readonly end?: number },
  send: (body: Readable, signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const handle = await open(file);
  const unreadable = new AbortController();
  const body = handle.createReadStream(stretch).on('error', (error) => unreadable.abort(error));
  try {
    return await send(body, unreadable.signal);
  } finally {
    body.destroy();
  }
}

interface UploadOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly key: string;
  readonly file: string;
  readonly local: RecordingWriter;
  readonly log: Logger;
  readonly partBytes: number;
  readonly onFinished: () => void;
}

/** One recording on its way: the file in the spool grows, and whole parts of it are uploaded beside that. */
class SpooledUpload implements RecordingWriter {
  readonly #options: UploadOptions;
  readonly #parts: { readonly ETag: string | undefined; readonly PartNumber: number }[] = [];
  #uploadId: string | undefined;
  #bytes = 0;
  #begunBytes = 0;
  #uploading: Promise<void> = Promise.resolve();
  /** A part that could not be sent: the whole file is sent by the next recovery. */
  #failure: unknown;
  #finished: Promise<'stored' | 'kept'> | undefined;

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#options.local.append(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes - this.#begunBytes >= this.#options.partBytes) this.#uploadRest();
  }

  finish(): Promise<'stored' | 'kept'> {
    this.#finished ??= this.#finish().finally(this.#options.onFinished);
    return this.#finished;
  }

  #uploadRest(): void {
    const [from, to] = [this.#begunBytes, this.#bytes];
    this.#begunBytes = to;
    this.#uploading = this.#uploading.then(async () => {
      if (this.#failure !== undefined) return;
      try {
        await this.#uploadPart(from, to);
      } catch (error) {
        this.#failure = error;
        this.#options.log.warn({ err: error }, 'A part of a recording could not be uploaded; it stays in the spool');
      }
    });
  }

  async #uploadPart(from: number, to: number): Promise<void> {
    const { client, bucket: Bucket, key: Key, file } = this.#options;
    if (this.#uploadId === undefined) {
      const begun = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: CONTENT_TYPE }));
      this.#uploadId = begun.UploadId;
    }
    const PartNumber = this.#parts.length + 1;
    const part = { Bucket, Key, UploadId: this.#uploadId, PartNumber, ContentLength: to - from };
    const { ETag } = await sendFile(file, { start: from, end: to - 1 }, (Body, abortSignal) =>
      client.send(new UploadPartCommand({ ...part, Body }), { abortSignal }),
    );
    this.#parts.push({ ETag, PartNumber });
  }

  async #finish(): Promise<'stored' | 'kept'> {
    const { client, bucket: Bucket, key: Key, file, local, log } = this.#options;
    await local.finish();
    if (this.#bytes > this.#begunBytes) this.#uploadRest();
    await this.#uploading;
    const UploadId = this.#uploadId;
    if (this.#failure !== undefined) {
      if (UploadId !== undefined) {
        await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => undefined);
      }
      return 'kept';
    }
    // Not one byte could be written.
    if (UploadId === undefined) return 'kept';
    try {
      await client.send(
        new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: this.#parts } }),
      );
    } catch (error) {
      log.warn({ err: error }, 'The parts of a recording could not be joined in the bucket; it stays in the spool');
      return 'kept';
    }
    await rm(file, { force: true });
    return 'stored';
  }
}
