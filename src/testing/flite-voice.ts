import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** The voices that PocketSphinx understands well. */
export type FliteVoice = 'slt' | 'rms' | 'awb';

const WAV_HEADER_BYTES = 44;
const SAMPLES_PER_MS = 16;

/**
 * A sentence said by flite, 16 kHz mono, with `paddingMs` of silence before it and after it. flite writes no stream, so it
 * goes through a file.
 */
export async function fliteVoice(text: string, voice: FliteVoice = 'slt', paddingMs = 300): Promise<Int16Array> {
  const folder = await mkdtemp(path.join(tmpdir(), 'flite-'));
  try {
    const file = path.join(folder, 'speech.wav');
    await promisify(execFile)('flite', ['-voice', voice, '-t', text, '-o', file], { timeout: 120_000 });
    const wav = await readFile(file);
    const speech = new Int16Array(Uint8Array.from(wav.subarray(WAV_HEADER_BYTES)).buffer);
    const padding = paddingMs * SAMPLES_PER_MS;
    const samples = new Int16Array(speech.length + 2 * padding);
    samples.set(speech, padding);
    return samples;
  } finally {
    await rm(folder, { recursive: true });
  }
}
