import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../testing/properties.ts';

import { cleanWord, encodeFrame, LineSplitter, parseDecoderMessage } from './decoder-protocol.ts';

test('a frame is a type, a length and little-endian samples', () => {
  assert.deepEqual([...encodeFrame('S')], [0x53, 0, 0, 0, 0]);
  assert.deepEqual([...encodeFrame('A', Int16Array.of(1, -2))], [0x41, 4, 0, 0, 0, 1, 0, 0xfe, 0xff]);
});

test('a frame of part of an array is that part', () => {
  const whole = Int16Array.of(9, 9, 7);
  assert.deepEqual([...encodeFrame('A', whole.subarray(2))], [0x41, 2, 0, 0, 0, 7, 0]);
});

test('lines come out whole however they are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string().map((s) => s.replaceAll('\n', ''))),
      fc.integer({ min: 1, max: 7 }),
      (lines, size) => {
        const splitter = new LineSplitter();
        const text = lines.map((line) => `${line}\n`).join('');
        const found: string[] = [];
        for (let from = 0; from < text.length; from += size)
          found.push(...splitter.push(text.slice(from, from + size)));
        assert.deepEqual(found, lines);
      },
    ),
  );
});

test('words lose their pronunciation number, I is written large, and fillers are no words', () => {
  const words = ['to(2)', 'i', "i'm", 'it', '<sil>', '</s>', '[NOISE]', '[SPEECH]', '++UH++', "o'clock(10)"];
  assert.deepEqual(words.map(cleanWord), ['to', 'I', "I'm", 'it', '', '', '', '', '', "o'clock"]);
});

test('what a decoder does not say is refused', () => {
  assert.equal(parseDecoderMessage('{"event":"partial","text":"a","audio_ms":80}').event, 'partial');
  for (const line of ['', 'x', '{}', '{"event":"final"}', '{"event":"final","words":[{"text":1}],"audio_ms":1}']) {
    assert.throws(() => parseDecoderMessage(line), line);
  }
});
