import busboy from 'busboy';
import type { RequestHandler } from 'express';
import { AppError } from '../../platform/errors.ts';

const LIMITS = { fields: 200, fieldSize: 64 * 1024, fieldNameSize: 100, parts: 200, files: 1, headerPairs: 50 };
const MOST_BYTES = 256 * 1024;
const NAME = /^[A-Za-z][\w.~-]{0,99}$/;

/**
 * Reads a form into `request.fields`, as AdminJS takes it. Files are refused, not written anywhere. To be used behind
 * the authentication: a stranger's body is not read.
 */
export function readForm(mostBytes = MOST_BYTES): RequestHandler {
  return async (request, _response, next) => {
    if (request.method !== 'POST') return next();
    const type = request.is(['multipart/form-data', 'application/x-www-form-urlencoded', 'application/json']);
    const length = Number(request.get('content-length') ?? 0);
    if (length > mostBytes) throw tooLarge();
    if (length === 0 && request.get('transfer-encoding') === undefined) {
      Object.assign(request, { fields: {} });
      return next();
    }
    if (typeof type !== 'string') {
      throw new AppError({ code: 'content_type_unsupported', kind: 'invalid', message: 'The body must be a form.' });
    }
    const fields =
      type === 'application/json' ? await readJson(request, mostBytes) : await readParts(request, mostBytes);
    Object.assign(request, { fields });
    next();
  };
}

async function readJson(request: Parameters<RequestHandler>[0], mostBytes: number): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw malformed();
    return Object.fromEntries(Object.entries(parsed).filter(([name]) => NAME.test(name)));
  } catch (cause) {
    throw malformed(cause);
  }
}

function readParts(request: Parameters<RequestHandler>[0], mostBytes: number): Promise<Record<string, unknown>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
  const fields: Record<string, unknown> = {};
  let parser: busboy.Busboy;
  try {
    parser = busboy({ headers: request.headers, limits: LIMITS });
  } catch (cause) {
    throw malformed(cause);
  }
  let bytes = 0;
  const fail = (error: AppError): void => {
    request.unpipe(parser);
    request.resume();
    reject(error);
  };
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostBytes) fail(tooLarge());
  });
  parser.on('field', (name, value, { nameTruncated, valueTruncated }) => {
    if (nameTruncated || valueTruncated) return fail(tooLarge());
    if (NAME.test(name)) fields[name] = value;
  });
  parser.on('file', (_name, stream) => {
    stream.resume();
    fail(new AppError({ code: 'uploads_refused', kind: 'invalid', message: 'The panel takes no files.' }));
  });
  parser.on('fieldsLimit', () => fail(tooLarge()));
  parser.on('partsLimit', () => fail(tooLarge()));
  parser.on('error', (cause) => fail(malformed(cause)));
  parser.on('close', () => resolve(fields));
  request.on('aborted', () => fail(malformed()));
  request.pipe(parser);
  return promise;
}

function tooLarge(): AppError {
  return new AppError({ code: 'body_too_large', kind: 'too_large', message: 'The form is too large.' });
}

function malformed(cause?: unknown): AppError {
  return cause instanceof AppError
    ? cause
    : new AppError({ code: 'form_malformed', kind: 'invalid', message: 'The form cannot be read.', cause });
}
