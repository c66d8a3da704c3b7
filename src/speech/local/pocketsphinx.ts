import { tmpdir } from 'node:os';

import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import { EngineError, type SpeechToText } from '../engine.ts';
import { DecoderServer } from './decoder-server.ts';
import { PocketSphinxStream } from './pocketsphinx-stream.ts';

const NAME = 'local';

export interface PocketSphinxOptions {
  /** The built `native/pocketsphinx-stream`. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly model?: string;
  /** Where a private folder for its socket is made. */
  readonly runtimeDirectory?: string;
  /** Callers at most in this process, with the two decoders that are kept ready. */
  readonly maxStreams?: number;
  readonly startDeadlineMs?: number;
  /** From asking for a decoder to having one, the program's start included. */
  readonly openDeadlineMs?: number;
  /** From `endUtterance()` to the final; it takes some 100 ms. */
  readonly finalDeadlineMs?: number;
  /** Audio that may wait for a decoder that lags behind; more ends the stream. */
  readonly maxUnsentMs?: number;
}

export interface PocketSphinx extends SpeechToText {
  /** Loads the model ahead of the first stream, which else does. @throws EngineError */
  start(): Promise<void>;
  /** Ends every stream with a retryable error. Idempotent. */
  close(): Promise<void>;
}

/**
 * Speech to text by PocketSphinx, for US English: partials every 80 ms, the final some 100 ms after the end, with
 * words, times and confidence. 16 kHz. It is fed only between `startUtterance` and `endUtterance`, so silence costs
 * nothing; a talking caller costs 0.12 to 0.17 of a core in a process of its own.
 */
export function createPocketSphinx({
  program,
  clock,
  log,
  model,
  runtimeDirectory = tmpdir(),
  maxStreams = 128,
  startDeadlineMs = 10_000,
  openDeadlineMs = 10_000,
  finalDeadlineMs = 10_000,
  maxUnsentMs = 30_000,
}: PocketSphinxOptions): PocketSphinx {
  const server = new DecoderServer({
    engine: NAME,
    program,
    ...(model !== undefined && { model }),
    runtimeDirectory,
    maxStreams,
    startDeadlineMs,
    log,
  });

  return {
    name: NAME,
    capabilities: { languages: ['en'], endOfUtterance: false, wordTimes: true },
    open: ({ language, signal }) =>
      new PocketSphinxStream({
        engine: NAME,
        connect: () => (language === 'en' ? server.connect() : Promise.reject(unsupported(language))),
        signal,
        clock,
        log,
        openDeadlineMs,
        finalDeadlineMs,
        maxUnsentMs,
      }),
    start: () => server.start(),
    close: () => server.close(),
  };
}

function unsupported(language: string): EngineError {
  return new EngineError({
    engine: NAME,
    code: 'engine_rejected',
    message: `Local speech recognition understands English only, not "${language}".`,
    retryable: false,
  });
}
