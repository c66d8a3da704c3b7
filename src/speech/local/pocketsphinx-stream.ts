import type { Socket } from 'node:net';

import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import {
  ENGINE_FRAME_SAMPLES,
  ENGINE_SAMPLE_RATE,
  EngineError,
  type EngineErrorCode,
  type TranscribedWord,
  type TranscriptionEvent,
  type TranscriptionStream,
} from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { cleanWord, type DecoderMessage, encodeFrame, LineSplitter, parseDecoderMessage } from './decoder-protocol.ts';
import { PreRoll } from '../pre-roll.ts';

const FRAME_MS = 20;
/** As far back as an utterance may begin before it is noticed. */
const PRE_ROLL_FRAMES = 1_000 / FRAME_MS;
const BYTES_PER_MS = (2 * ENGINE_SAMPLE_RATE) / 1_000;

export interface PocketSphinxStreamOptions {
  readonly engine: string;
  readonly connect: () => Promise<Socket>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly openDeadlineMs: number;
  readonly finalDeadlineMs: number;
  /** More audio than this that the decoder has not taken: it does not keep up, and would answer too late anyway. */
  readonly maxUnsentMs: number;
}

type Connection =
  /** `unsent` waits for the decoder. */
  | { readonly kind: 'connecting'; unsent: Buffer[]; unsentBytes: number }
  | { readonly kind: 'open'; readonly socket: Socket }
  | { readonly kind: 'closed' };

/** One caller's connection to a decoder. */
export class PocketSphinxStream implements TranscriptionStream {
  readonly #options: PocketSphinxStreamOptions;
  readonly #queue = new EventQueue<TranscriptionEvent>();
  readonly #preRoll = new PreRoll({ frames: PRE_ROLL_FRAMES, frameSamples: ENGINE_FRAME_SAMPLES });
  #connection: Connection = { kind: 'connecting', unsent: [], unsentBytes: 0 };
  #inUtterance = false;
  /** Of the utterances whose final has not come, oldest first. */
  readonly #finalTimers: Timer[] = [];
  readonly #openTimer: Timer;

  constructor(options: PocketSphinxStreamOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#openTimer = options.clock.after(options.openDeadlineMs, () => {
      this.#fail('engine_timed_out', 'Speech recognition has no decoder free.');
    });
    if (options.signal.aborted) this.close();
    else void this.#open();
  }

  get events(): AsyncIterable<TranscriptionEvent> {
    return this.#queue;
  }

  write(frame: Int16Array): void {
    if (this.#connection.kind === 'closed') return;
    if (this.#inUtterance) this.#send(encodeFrame('A', frame));
    else this.#preRoll.push(frame);
  }

  startUtterance(prefixMs: number): void {
    if (this.#connection.kind === 'closed' || this.#inUtterance) return;
    this.#inUtterance = true;
    this.#send(encodeFrame('S'));
    this.#preRoll.drain(Math.ceil(Math.max(0, prefixMs) / FRAME_MS), (frame) => this.#send(encodeFrame('A', frame)));
  }

  endUtterance(): void {
    if (this.#connection.kind === 'closed' || !this.#inUtterance) return;
    this.#inUtterance = false;
    this.#send(encodeFrame('E'));
    const { clock, finalDeadlineMs } = this.#options;
    this.#finalTimers.push(
      clock.after(finalDeadlineMs, () => this.#fail('engine_timed_out', 'Speech recognition did not answer in time.')),
    );
  }

  close(): void {
    if (this.#connection.kind === 'closed') return;
    this.#release();
    this.#queue.endNow();
  }

  readonly #onAbort = (): void => this.close();

  async #open(): Promise<void> {
    let socket: Socket;
    try {
      socket = await this.#options.connect();
    } catch (error) {
      if (error instanceof EngineError) this.#failWith(error);
      else this.#fail('engine_failed', 'Speech recognition could not be reached.', error);
      return;
    }
    const before = this.#connection;
    if (before.kind !== 'connecting') {
      socket.on('error', () => undefined).destroy();
      return;
    }
    this.#connection = { kind: 'open', socket };
    socket.on('error', (error) => this.#fail('engine_failed', 'Speech recognition broke off.', error));
    socket.on('close', () => this.#fail('engine_failed', 'Speech recognition broke off.'));
    const lines = new LineSplitter();
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const line of lines.push(text)) this.#receive(line);
    });
    for (const bytes of before.unsent) this.#send(bytes);
  }

  #send(bytes: Buffer): void {
    const connection = this.#connection;
    if (connection.kind === 'closed') return;
    let unsentBytes: number;
    if (connection.kind === 'connecting') {
      connection.unsent.push(bytes);
      unsentBytes = connection.unsentBytes += bytes.length;
    } else {
      connection.socket.write(bytes);
      unsentBytes = connection.socket.writableLength;
    }
    if (unsentBytes > this.#options.maxUnsentMs * BYTES_PER_MS)
      this.#fail('engine_timed_out', 'Speech recognition does not keep up.');
  }

  #receive(line: string): void {
    if (this.#connection.kind === 'closed') return;
    let message: DecoderMessage;
    try {
      message = parseDecoderMessage(line);
    } catch (error) {
      this.#fail('engine_failed', 'Speech recognition said something unreadable.', error);
      return;
    }
    switch (message.event) {
      case 'open':
        this.#openTimer.cancel();
        return;
      case 'partial':
        this.#queue.push({ type: 'partial', text: message.text.split(' ').map(cleanWord).filter(Boolean).join(' ') });
        return;
      case 'final': {
        this.#finalTimers.shift()?.cancel();
        const words = toWords(message);
        this.#queue.push({ type: 'final', text: words.map((word) => word.text).join(' '), words });
        return;
      }
      case 'error':
        this.#options.log.error({ code: message.code, detail: message.message }, 'A decoder refused');
        this.#fail('engine_failed', 'Speech recognition failed.');
    }
  }

  #fail(code: EngineErrorCode, message: string, cause?: unknown): void {
    this.#failWith(new EngineError({ engine: this.#options.engine, code, message, retryable: true, cause }));
  }

  #failWith(error: EngineError): void {
    if (this.#connection.kind === 'closed') return;
    this.#release();
    this.#queue.push({ type: 'error', error });
    this.#queue.end();
  }

  #release(): void {
    const connection = this.#connection;
    this.#connection = { kind: 'closed' };
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#openTimer.cancel();
    for (const timer of this.#finalTimers) timer.cancel();
    if (connection.kind === 'open') connection.socket.destroy();
  }
}

function toWords(message: Extract<DecoderMessage, { event: 'final' }>): TranscribedWord[] {
  const words: TranscribedWord[] = [];
  for (const { text, start_ms, end_ms, confidence } of message.words) {
    const clean = cleanWord(text);
    if (clean === '') continue;
    words.push({ text: clean, startMs: start_ms, endMs: end_ms, confidence });
  }
  return words;
}
