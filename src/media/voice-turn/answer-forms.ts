import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { AppError } from '../../platform/errors.ts';

/** What is said about a turn when it is over. */
export interface TurnSummary {
  readonly call_id: string;
  readonly heard: string;
  readonly answer: string;
  /** Of the audio that was sent; the charge counts the sum of a conversation's turns. */
  readonly audio_seconds: number;
  readonly talked_seconds: number;
  /** The conversation is over: the next turn begins another. */
  readonly ended: boolean;
}

/** How the answer to a turn is written. Nothing is sent before `heard`. */
export interface AnswerForm {
  /** The learner's words are known. */
  heard(callId: string, text: string): void;
  /** All of the tutor's text so far. */
  answer(text: string): void;
  /** MP3, as it is made. Resolves when there is room for more. */
  sound(chunk: Uint8Array): Promise<void>;
  end(summary: TurnSummary): void;
  /** The turn failed after something was sent. */
  fail(error: AppError): void;
}

export type AnswerFormName = 'audio' | 'events' | 'parts';

export const ANSWER_TYPES: Readonly<Record<AnswerFormName, string>> = {
  audio: 'audio/mpeg',
  events: 'text/event-stream',
  parts: 'multipart/mixed',
};

/** By what `Accept` names; sound alone when it names nothing special. */
export function chooseForm(accept: string | undefined): AnswerFormName {
  const named = (accept ?? '').toLowerCase();
  if (named.includes(ANSWER_TYPES.events)) return 'events';
  return named.includes(ANSWER_TYPES.parts) ? 'parts' : 'audio';
}

export function createAnswerForm(name: AnswerFormName, response: ServerResponse): AnswerForm {
  if (name === 'events') return new EventForm(response);
  return name === 'parts' ? new PartForm(response) : new AudioForm(response);
}

/** Headers have little room: longer transcripts stand whole in the other forms and in the call's history. */
const MAX_HEADER_CHARACTERS = 4_000;

/** Sound alone. The words stand in headers, as far as they are known when it begins; the tutor's whole answer in a trailer. */
class AudioForm implements AnswerForm {
  readonly #response: ServerResponse;
  #callId = '';
  #heard = '';
  #answer = '';

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  heard(callId: string, text: string): void {
    this.#callId = callId;
    this.#heard = text;
  }

  answer(text: string): void {
    this.#answer = text;
  }

  sound(chunk: Uint8Array): Promise<void> {
    if (!this.#response.headersSent) {
      this.#response.writeHead(200, {
        'Content-Type': ANSWER_TYPES.audio,
        'Voice-Call-Id': this.#callId,
        'Voice-Heard': inHeader(this.#heard),
        'Voice-Answer': inHeader(this.#answer),
        Trailer: 'Voice-Answer, Voice-Audio-Seconds, Voice-Ended',
      });
    }
    return send(this.#response, chunk);
  }

  end({ answer, audio_seconds, ended }: TurnSummary): void {
    this.#response.addTrailers({
      'Voice-Answer': inHeader(answer),
      'Voice-Audio-Seconds': String(audio_seconds),
      'Voice-Ended': String(ended),
    });
    this.#response.end();
  }

  /** Whoever listens learns of it by a body that breaks off. */
  fail(): void {
    this.#response.destroy();
  }
}

/** Server-sent events: `heard`, `answer`, `sound` (MP3 in base64), `done`; `problem` when it failed on the way. */
class EventForm implements AnswerForm {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  heard(callId: string, text: string): void {
    this.#response.writeHead(200, { 'Content-Type': ANSWER_TYPES.events, 'X-Accel-Buffering': 'no' });
    this.#event('heard', { call_id: callId, text });
  }

  answer(text: string): void {
    this.#event('answer', { text });
  }

  sound(chunk: Uint8Array): Promise<void> {
    return send(this.#response, toEvent('sound', { mp3: Buffer.from(chunk).toString('base64') }));
  }

  end(summary: TurnSummary): void {
    this.#event('done', summary);
    this.#response.end();
  }

  fail(error: AppError): void {
    this.#event('problem', toProblem(error));
    this.#response.end();
  }

  #event(name: string, data: unknown): void {
    this.#response.write(toEvent(name, data));
  }
}

/** Parts: JSON with what was heard, the sound, JSON with the summary or the problem (RFC 2046, section 5.1). */
class PartForm implements AnswerForm {
  readonly #response: ServerResponse;
  readonly #boundary = randomUUID();
  #inSound = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  heard(callId: string, text: string): void {
    this.#response.writeHead(200, { 'Content-Type': `${ANSWER_TYPES.parts}; boundary="${this.#boundary}"` });
    this.#json('application/json', { call_id: callId, heard: text });
  }

  answer(): void {
    // It stands in the summary.
  }

  sound(chunk: Uint8Array): Promise<void> {
    if (!this.#inSound) this.#open(ANSWER_TYPES.audio);
    this.#inSound = true;
    return send(this.#response, chunk);
  }

  end(summary: TurnSummary): void {
    this.#json('application/json', summary);
    this.#close();
  }

  fail(error: AppError): void {
    this.#json('application/problem+json', toProblem(error));
    this.#close();
  }

  #json(type: string, data: unknown): void {
    this.#open(type);
    this.#response.write(JSON.stringify(data));
  }

  #open(type: string): void {
    this.#response.write(`\r\n--${this.#boundary}\r\nContent-Type: ${type}\r\n\r\n`);
  }

  #close(): void {
    this.#response.end(`\r\n--${this.#boundary}--\r\n`);
  }
}

function toEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function toProblem({ code, message, retryable, details }: AppError): Readonly<Record<string, unknown>> {
  return { ...details, type: `urn:ailingva:problem:${code}`, code, detail: message, retryable };
}

function inHeader(text: string): string {
  for (let length = Math.min(text.length, MAX_HEADER_CHARACTERS); ; length = Math.floor(length * 0.9)) {
    const encoded = encodeURIComponent(text.slice(0, length).toWellFormed());
    if (encoded.length <= MAX_HEADER_CHARACTERS) return encoded;
  }
}

/** Resolves when there is room for more, or nobody listens any more. */
async function send(response: ServerResponse, bytes: Uint8Array | string): Promise<void> {
  if (response.destroyed || response.write(bytes)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once('drain', resolve).once('close', resolve);
  await promise;
  response.off('drain', resolve).off('close', resolve);
}
