import { Writable } from 'node:stream';

import { pino } from 'pino';

import type { Logger } from '../../platform/log.ts';

export interface CapturedLog {
  readonly log: Logger;
  /** Every line as it was written. */
  readonly lines: readonly string[];
}

/** A log of every level, for a test to read. */
export function captureLog(): CapturedLog {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: pino({ level: 'trace' }, sink), lines };
}
