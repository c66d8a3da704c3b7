import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Resampler, ResamplerFilter } from '../../src/media/audio/resampler.ts';
import { LESSONS } from '../../src/speech/local/drill/lessons.ts';
import { randomNumbers } from '../../src/testing/network/conditions.ts';

/** The voices of flite that the local recognizer hears well. */
const VOICES = ['slt', 'rms', 'awb'] as const;
const WAV_HEADER_BYTES = 44;
const RATE = 48_000;
const FRAME_SAMPLES = 960;
const BEFORE_FIRST_MS = 1_000;
const BETWEEN_MS = 1_500;
/** The room around the speaker, about −64 dBFS. */
const ROOM_LEVEL = 20;

export interface SpokenSentence {
  readonly text: string;
  /** Where in the call it is said. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** One caller who says a lesson's sentences one after another. */
export interface SpokenLesson {
  readonly sentences: readonly SpokenSentence[];
  /** 48 kHz mono, as a browser takes it from a microphone; whole frames of 20 ms. */
  readonly sound: Int16Array;
}

/** Calls with `sentences` sentences in all, ten at most in each; voices and lessons take turns. */
export async function speakLessons(sentences: number): Promise<readonly SpokenLesson[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lessons-'));
  try {
    const calls: SpokenLesson[] = [];
    for (let said = 0; said < sentences; said += LESSONS[0]!.sentences.length) {
      const lesson = LESSONS[calls.length % LESSONS.length]!;
      const voice = VOICES[(calls.length + Math.floor(calls.length / LESSONS.length)) % VOICES.length]!;
      calls.push(await speakLesson(lesson.sentences.slice(0, sentences - said), voice, folder, calls.length));
    }
    return calls;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function speakLesson(
  texts: readonly string[],
  voice: (typeof VOICES)[number],
  folder: string,
  seed: number,
): Promise<SpokenLesson> {
  const pieces: Int16Array[] = [silence(BEFORE_FIRST_MS)];
  const sentences: SpokenSentence[] = [];
  let atMs = BEFORE_FIRST_MS;
  for (const text of texts) {
    const sound = to48k(await speak(text, voice, folder));
    const toMs = atMs + (1_000 * sound.length) / RATE;
    sentences.push({ text, fromMs: atMs, toMs });
    pieces.push(sound, silence(BETWEEN_MS));
    atMs = toMs + BETWEEN_MS;
  }
  return { sentences, sound: inARoom(pieces, seed) };
}

async function speak(text: string, voice: string, folder: string): Promise<Int16Array> {
  // flite writes a file: its output cannot be piped to Node.
  const wav = path.join(folder, 'sentence.wav');
  await promisify(execFile)('flite', ['-voice', voice, '-t', text, '-o', wav]);
  const bytes = await readFile(wav);
  if (bytes.readUInt32LE(24) !== 16_000) throw new Error(`flite's voice ${voice} is not of 16 kHz`);
  return new Int16Array(Uint8Array.from(bytes.subarray(WAV_HEADER_BYTES)).buffer);
}

function to48k(sound: Int16Array): Int16Array {
  const resampler = new Resampler(new ResamplerFilter(16_000, RATE));
  const out = new Int16Array(sound.length * 3);
  let given = 0;
  for (let taken = 0; taken < sound.length;) {
    taken += resampler.feed(sound, taken);
    given += resampler.produce(out, given);
  }
  resampler.finish();
  resampler.produce(out, given);
  return out;
}

function silence(ms: number): Int16Array {
  return new Int16Array((ms * RATE) / 1_000);
}

function inARoom(pieces: readonly Int16Array[], seed: number): Int16Array {
  const random = randomNumbers(seed);
  const samples = pieces.reduce((sum, { length }) => sum + length, 0);
  const sound = new Int16Array(Math.ceil(samples / FRAME_SAMPLES) * FRAME_SAMPLES);
  let at = 0;
  for (const piece of pieces) {
    sound.set(piece, at);
    at += piece.length;
  }
  for (let index = 0; index < sound.length; index++) {
    sound[index] = Math.max(-32_768, Math.min(32_767, sound[index]! + (random() * 2 - 1) * 2 * ROOM_LEVEL));
  }
  return sound;
}
