import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { encodeWav, packFrames } from '../../src/testing/caller/opus-recording.ts';

/**
 * Makes `voice.opus-frames` anew: one sentence without pauses, by flite's voice "slt". Only to be run when the sentence
 * changes: `node bench/calls/record-voice.ts`.
 */

const SENTENCE =
  'Yesterday I went to the market with my brother and bought some fresh apples for our mother and her little sister';

const folder = await mkdtemp(path.join(tmpdir(), 'voice-'));
try {
  // flite writes a file: its output cannot be piped to Node.
  const wav = path.join(folder, 'voice.wav');
  await promisify(execFile)('flite', ['-voice', 'slt', '-t', SENTENCE, '-o', wav]);
  await writeFile(new URL('voice.opus-frames', import.meta.url), packFrames(await encodeWav(wav)));
} finally {
  await rm(folder, { recursive: true });
}
