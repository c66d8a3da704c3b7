import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { AppError } from '../../platform/errors.ts';
import { audioError } from '../transcoding/transcoding-errors.ts';

export interface UploadedAudio {
  /** Fields that came before the audio; those after it come too late to matter. */
  readonly fields: Readonly<Record<string, string>>;
  /** Still arriving. Where the form breaks off it is destroyed; that fails nobody who does not read it yet, or any more. */
  readonly audio: Readable;
}

const MAX_FIELDS = 8;
const MAX_FIELD_BYTES = 256;

/** Whether a body of this type can hold audio: a form, sound by itself, or bytes of no type. */
export function isAudioType(contentType: string | undefined): boolean {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return isForm(contentType) || /^(audio\/[\w.+-]+|video\/(webm|mp4)|application\/(octet-stream|ogg))$/.test(type);
}

export function isForm(contentType: string | undefined): boolean {
  return /^multipart\/form-data\b/i.test(contentType ?? '');
}

/**
 * The first file of a form, as soon as it begins; the bytes behind it flow only when they are read.
 * @throws AppError `form_malformed`, `audio_empty` when there is no file
 */
export async function readForm(request: IncomingMessage): Promise<UploadedAudio> {
  const { promise, resolve, reject } = Promise.withResolvers<UploadedAudio>();
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  let form: busboy.Busboy;
  try {
    form = busboy({
      headers: request.headers,
      limits: { files: 1, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, headerPairs: 32 },
    });
  } catch (cause) {
    throw malformed(cause);
  }
  form.on('field', (name, value) => {
    fields[name] = value;
  });
  form.on('file', (_name, audio) => {
    audio.on('error', ignore);
    resolve({ fields, audio });
  });
  form.on('error', (cause) => reject(malformed(cause)));
  form.on('close', () => reject(audioError('audio_empty')));
  request.once('close', () => {
    if (!request.complete) form.destroy(new Error('The form broke off'));
  });
  request.pipe(form);
  return await promise;
}

function ignore(): void {
  // An error that nobody takes ends the process; whoever reads takes it, too.
}

function malformed(cause: unknown): AppError {
  return new AppError({ code: 'form_malformed', kind: 'invalid', message: 'The form is not as it should be.', cause });
}
