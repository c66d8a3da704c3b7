import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface S3Server {
  readonly endpoint: string;
  /** What stands in the bucket, by key. */
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Requests that were served: `PUT part`, `GET`, … */
  readonly requests: readonly string[];
  /** Uploads in parts that were neither completed nor abandoned. */
  openUploads(): number;
  /**
   * From now on every request that would write is answered with this status, or what would write bytes is neither read nor
   * answered; `undefined`: they are served again.
   */
  fail(how: number | 'silence' | undefined): void;
  close(): Promise<void>;
}

interface Upload {
  readonly key: string;
  readonly parts: Map<number, Buffer>;
}

/** The part of Amazon's S3 protocol that recordings use, in memory: https://docs.aws.amazon.com/AmazonS3/latest/API/ */
export async function startS3Server(options: {
  readonly bucket: string;
  readonly accessKeyId: string;
}): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Upload>();
  const requests: string[] = [];
  let failure: number | 'silence' | undefined;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (failure === 'silence' && request.method === 'PUT') return;
    const body = await read(request);
    const prefix = `/${options.bucket}/`;
    const signed = request.headers.authorization?.startsWith(`AWS4-HMAC-SHA256 Credential=${options.accessKeyId}/`);
    if (!signed) return refuse(response, 403, 'AccessDenied');
    if (request.method === 'GET' && url.searchParams.has('uploads')) {
      const listed = [...uploads].map(
        ([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`,
      );
      return answer(response, {}, `<ListMultipartUploadsResult>${listed.join('')}</ListMultipartUploadsResult>`);
    }
    if (!url.pathname.startsWith(prefix)) return refuse(response, 404, 'NoSuchBucket');
    const key = decodeURIComponent(url.pathname.slice(prefix.length));
    const uploadId = url.searchParams.get('uploadId');
    const part = url.searchParams.get('partNumber');
    const action = [
      request.method,
      url.searchParams.has('uploads') ? 'begin' : part !== null ? 'part' : uploadId !== null ? 'upload' : '',
    ]
      .join(' ')
      .trim();
    requests.push(action);
    if (typeof failure === 'number' && /^(PUT|POST)/.test(action)) return refuse(response, failure, 'InternalError');
    switch (action) {
      case 'PUT':
        objects.set(key, body);
        return answer(response, { ETag: etag(body) });
      case 'POST begin': {
        const id = `upload-${uploads.size + 1}`;
        uploads.set(id, { key, parts: new Map() });
        return answer(
          response,
          {},
          `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        );
      }
      case 'PUT part':
        uploads.get(uploadId ?? '')?.parts.set(Number(part), body);
        return answer(response, { ETag: etag(body) });
      case 'POST upload': {
        const upload = uploads.get(uploadId ?? '');
        if (!upload) return refuse(response, 404, 'NoSuchUpload');
        const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) =>
          Number(number),
        );
        objects.set(key, Buffer.concat(named.map((number) => upload.parts.get(number) ?? Buffer.alloc(0))));
        uploads.delete(uploadId ?? '');
        return answer(response, {}, '<CompleteMultipartUploadResult/>');
      }
      case 'DELETE upload':
        uploads.delete(uploadId ?? '');
        return answer(response, {}, undefined, 204);
      case 'DELETE':
        objects.delete(key);
        return answer(response, {}, undefined, 204);
      case 'HEAD':
      case 'GET':
        return give(request, response, objects.get(key));
      default:
        return refuse(response, 400, 'InvalidRequest');
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await listening;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    objects,
    requests,
    openUploads: () => uploads.size,
    fail: (how) => {
      failure = how;
    },
    close: async () => {
      const { promise: closed, resolve: done } = Promise.withResolvers<void>();
      server.close(() => done());
      server.closeAllConnections();
      await closed;
    },
  };
}

function give(request: IncomingMessage, response: ServerResponse, object: Buffer | undefined): void {
  if (!object) return refuse(response, 404, 'NoSuchKey');
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const bytes = first === undefined ? object : object.subarray(Number(first), Number(last) + 1);
  response.writeHead(first === undefined ? 200 : 206, { 'Content-Length': bytes.length, ETag: etag(object) });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function answer(response: ServerResponse, headers: Record<string, string>, xml?: string, status = 200): void {
  response.writeHead(status, { ...headers, ...(xml !== undefined && { 'Content-Type': 'application/xml' }) }).end(xml);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'Content-Type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`);
}

function etag(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
