import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** flite's voices are understood well by PocketSphinx; eSpeak's own is not. */
export type VoiceName = 'slt' | 'rms' | 'awb';

/** A sentence spoken by flite, as a WAV file's bytes (16 kHz mono). */
export function speak(text: string, voice: VoiceName = 'slt'): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), 'ailingva-voice-'));
  try {
    const file = path.join(folder, 'voice.wav');
    execFileSync('flite', ['-voice', voice, '-t', text, '-o', file]);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const HEADER_BYTES = 44;
const BYTES_PER_MS = 32;

/** WAV files of 16 kHz mono, 16 bits, one after the other. */
export function joined(...wavs: readonly Buffer[]): Buffer {
  return toWav(Buffer.concat(wavs.map((wav) => wav.subarray(HEADER_BYTES))));
}

export function silence(ms: number): Buffer {
  return toWav(Buffer.alloc(ms * BYTES_PER_MS));
}

/** Two bursts of noise that die away, as of somebody who coughs. The same every time. */
export function cough(): Buffer {
  const samples = new Int16Array(16 * 400);
  let state = 1;
  for (let index = 0; index < samples.length; index += 1) {
    // Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const noise = state / 0x8000_0000 - 1;
    const inBurst = index % 3_200;
    samples[index] = Math.round(noise * 14_000 * Math.exp(-inBurst / 700));
  }
  return toWav(Buffer.from(samples.buffer));
}

/** The canonical RIFF header: http://soundfile.sapp.org/doc/WaveFormat/ */
function toWav(pcm: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + pcm.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([header, pcm]);
}
