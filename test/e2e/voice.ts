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

/** Puts silence before a WAV file's sound: 16 kHz mono, 16 bits. */
export function withLeadingSilence(wav: Buffer, silenceMs: number): Buffer {
  const samples = wav.subarray(44);
  const silence = Buffer.alloc(silenceMs * 32);
  const header = Buffer.from(wav.subarray(0, 44));
  header.writeUInt32LE(36 + silence.length + samples.length, 4);
  header.writeUInt32LE(silence.length + samples.length, 40);
  return Buffer.concat([header, silence, samples]);
}
