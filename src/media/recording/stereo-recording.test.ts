import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { loadOpus } from '../audio/opus.ts';
import { StereoRecording } from './stereo-recording.ts';

const addonPath = process.env['OPUS_ADDON'];
const codec = loadOpus({ ...(addonPath !== undefined && { addonPath }) });
const RATE = 16_000;

/** 20 ms of a tone that goes on from frame to frame. */
function tone(frame: number, sampleRate: number, hertz: number): Int16Array {
  const length = sampleRate / 50;
  return Int16Array.from({ length }, (_, index) => {
    return 8_000 * Math.sin((2 * Math.PI * hertz * (frame * length + index)) / sampleRate);
  });
}

function record(play: (recording: StereoRecording) => void): Buffer {
  const pages: Buffer[] = [];
  const recording = new StereoRecording({ codec, write: (page) => pages.push(page), serial: 1 });
  play(recording);
  return Buffer.concat(pages);
}

function decode(file: Buffer): { left: Int16Array; right: Int16Array } {
  const pcm = execFileSync('ffmpeg', ['-v', 'error', '-i', 'pipe:0', '-ar', String(RATE), '-f', 's16le', 'pipe:1'], {
    input: file,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const both = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1);
  const side = (channel: number) => Int16Array.from({ length: both.length >> 1 }, (_, at) => both[at * 2 + channel]!);
  return { left: side(0), right: side(1) };
}

/** Where sound begins and ends, in ms. */
function loudMs(samples: Int16Array): [number, number] {
  const first = samples.findIndex((sample) => Math.abs(sample) > 2_000);
  const last = samples.findLastIndex((sample) => Math.abs(sample) > 2_000);
  return [Math.round(first / (RATE / 1000)), Math.round(last / (RATE / 1000))];
}

const near = (actual: number, expected: number) => Math.abs(actual - expected) <= 20;

test('both sides stand where they were, packets as they are and samples encoded', () => {
  const encoder = codec.createEncoder({ sampleRate: 24_000 });
  const file = record((recording) => {
    for (let slot = 0; slot < 200; slot++) {
      const atMs = 5_000 + slot * 20;
      recording.advance(atMs);
      if (slot >= 50 && slot < 100) {
        recording.tutor(atMs, { kind: 'packet', packet: encoder.encode(tone(slot, 24_000, 440)) });
      }
      // Said 100 ms before it came.
      const said = slot - 5;
      if (said >= 50 && said < 100) {
        recording.learner(atMs - 100, { kind: 'samples', samples: tone(said, 16_000, 660), sampleRate: 16_000 });
      } else recording.learner(atMs - 100, { kind: 'silence' });
    }
    recording.close();
    recording.close();
  });
  const { left, right } = decode(file);
  assert.ok(near(left.length / 16, 4_000), `${left.length / 16} ms`);
  for (const side of [left, right]) {
    const [from, to] = loudMs(side);
    assert.ok(near(from, 1_000) && near(to, 2_000), `from ${from} to ${to} ms`);
  }
});

test('an estimate that moves a little neither repeats nor tears a word; a pause takes up the difference', () => {
  const file = record((recording) => {
    for (let slot = 0; slot < 300; slot++) {
      const atMs = slot * 20;
      recording.advance(atMs);
      // The delay swings by 40 ms in mid-word, and is 200 ms longer after the pause.
      const lagMs = slot < 150 ? 60 + (slot % 3) * 20 : 260;
      const speaks = (slot >= 20 && slot < 120) || (slot >= 200 && slot < 250);
      const samples = tone(slot, 16_000, 500);
      recording.learner(atMs - lagMs, speaks ? { kind: 'samples', samples, sampleRate: 16_000 } : { kind: 'silence' });
    }
    recording.close();
  });
  const { left } = decode(file);
  const word = left.subarray(0, 16 * 3_000);
  const [from, to] = loudMs(word);
  assert.ok(to - from >= 1_980 && to - from <= 2_020, `a word of ${to - from} ms`);
  assert.ok(near(from, 20 * 20 - 80), `from ${from} ms`);
  const [second] = loudMs(left.subarray(16 * 3_000));
  assert.ok(near(3_000 + second, 200 * 20 - 260), `the next from ${3_000 + second} ms`);
  // No hole in the word: every 10 ms of it is loud.
  for (let at = from + 20; at + 10 < to - 20; at += 10) {
    const loudest = word
      .subarray(at * 16, (at + 10) * 16)
      .reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
    assert.ok(loudest > 2_000, `silent at ${at} ms`);
  }
});

test('what a dead process leaves behind can be played up to its last second', () => {
  const pages: Buffer[] = [];
  const recording = new StereoRecording({ codec, write: (page) => pages.push(page) });
  for (let slot = 0; slot < 500; slot++) {
    recording.advance(slot * 20);
    recording.tutor(slot * 20, { kind: 'samples', samples: tone(slot, 24_000, 440), sampleRate: 24_000 });
  }
  // Not closed, and the last page is torn.
  const { right } = decode(Buffer.concat(pages).subarray(0, -100));
  assert.ok(right.length / RATE > 6, `${right.length / RATE} s of 10 s`);
});

test('lost packets, packets of another length and an outage keep the clock', () => {
  const encoder = codec.createEncoder({ sampleRate: 16_000 });
  const file = record((recording) => {
    for (let slot = 0; slot < 100; slot++) {
      recording.advance(slot * 20);
      const packet = encoder.encode(tone(slot, 16_000, 400)).slice();
      const odd = Uint8Array.of(...packet.subarray(0, 1), 0, 0);
      // A table of contents that says 60 ms.
      odd[0] = 0x58;
      recording.learner(
        slot * 20,
        slot % 10 === 3 ? { kind: 'lost' } : { kind: 'packet', packet: slot % 10 === 7 ? odd : packet },
      );
    }
    // The process stood still for five seconds.
    recording.advance(100 * 20 + 5_000);
    recording.close();
  });
  const { left } = decode(file);
  assert.ok(near(left.length / 16, 7_020), `${left.length / 16} ms`);
});
