import { fileURLToPath } from 'node:url';

/**
 * What a recognizer's deadlines are in tests that are not about them: other tests, and other people's work, take the
 * cores for seconds, and a decoder that lags behind is none the worse for it.
 */
export const PATIENT_RECOGNIZER = {
  startDeadlineMs: 120_000,
  openDeadlineMs: 120_000,
  finalDeadlineMs: 120_000,
  maxUnsentMs: 120_000,
} as const;

/** The local recognizer's program for tests: `POCKETSPHINX_STREAM_BIN`, else what the set-up has built. */
export function recognizerProgram(): string {
  return (
    process.env['POCKETSPHINX_STREAM_BIN'] ||
    fileURLToPath(new URL('../../.local/native/pocketsphinx-stream', import.meta.url))
  );
}
