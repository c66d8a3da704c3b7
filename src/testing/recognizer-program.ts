import { fileURLToPath } from 'node:url';

/** The local recognizer's program for tests: `POCKETSPHINX_STREAM_BIN`, else what the set-up has built. */
export function recognizerProgram(): string {
  return (
    process.env['POCKETSPHINX_STREAM_BIN'] ||
    fileURLToPath(new URL('../../.local/native/pocketsphinx-stream', import.meta.url))
  );
}
