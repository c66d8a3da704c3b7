import { readFile } from 'node:fs/promises';
import { Decoder } from '@evan/opus';
import { encodeFrames, type OpusFrames, unpackFrames } from '../../src/testing/caller/opus-recording.ts';

const SAMPLE_RATE = 48_000;
const SPEECH_MS = 1_400;
/** Of the loudest frame; below it a frame is the pause after the voice. */
const VOICED_SHARE = 0.1;

/**
 * A second and a half of a voice that ends within its last frame, so that the end of speech is known to 20 ms: the recording's own
 * last frames, which hold next to nothing, are cut off.
 */
export async function loadSpeech(): Promise<OpusFrames> {
  const recording = unpackFrames(await readFile(new URL('../calls/voice.opus-frames', import.meta.url)));
  const decoder = new Decoder({ channels: 1, sample_rate: SAMPLE_RATE });
  const frames = recording.map((frame) => {
    const bytes = decoder.decode(frame);
    return Int16Array.from(new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2));
  });
  const levels = frames.map((frame) => frame.reduce((sum, sample) => sum + Math.abs(sample), 0));
  const loudest = Math.max(...levels);
  const end = levels.findLastIndex((level) => level > loudest * VOICED_SHARE) + 1;
  const voiced = frames.slice(Math.max(0, end - SPEECH_MS / 20), end);
  return encodeFrames(Int16Array.from(voiced.flatMap((frame) => Array.from(frame))), SAMPLE_RATE);
}
