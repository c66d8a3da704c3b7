import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fc } from '../../testing/properties.ts';
import { AppError } from '../../platform/errors.ts';
import { carriesCopy, opusPacketUnits } from './opus-packet.ts';
import { loadOpus, type OpusCodec } from './opus.ts';
import { energy, snr, vowel } from './sounds.fixture.ts';

const addonPath =
  process.env['OPUS_ADDON'] ?? fileURLToPath(new URL('../../../.local/native/opus.node', import.meta.url));

function encodeAll(codec: OpusCodec, samples: Int16Array, sampleRate: 16_000 | 24_000 | 48_000): Uint8Array[] {
  const encoder = codec.createEncoder({ sampleRate });
  const frame = sampleRate / 50;
  const packets: Uint8Array[] = [];
  for (let at = 0; at + frame <= samples.length; at += frame) {
    packets.push(Uint8Array.from(encoder.encode(samples.subarray(at, at + frame))));
  }
  encoder.close();
  return packets;
}

/** Decodes with every fifth packet lost, filled in by `fill`; the rest of the time the decoder runs as usual. */
function decodeWithLoss(
  codec: OpusCodec,
  packets: readonly Uint8Array[],
  fill: 'none' | 'conceal' | 'recover',
): Int16Array {
  const decoder = codec.createDecoder({ sampleRate: 16_000 });
  const out = new Int16Array(packets.length * 320);
  packets.forEach((packet, index) => {
    const lost = fill !== 'none' && index % 5 === 4 && index + 1 < packets.length;
    const samples = !lost
      ? decoder.decode(packet)
      : fill === 'recover'
        ? decoder.recover(packets[index + 1]!, 320)
        : decoder.conceal(320);
    assert.equal(samples.length, 320);
    out.set(samples, index * 320);
  });
  decoder.close();
  return out;
}

/** Every fifth frame, once the codec has settled. */
const lostFrames = (samples: Int16Array) =>
  Array.from(samples).filter((_, index) => Math.floor(index / 320) % 5 === 4 && index >= 3_200);

function lostFramesSnr(reference: Int16Array, actual: Int16Array): number {
  return snr(lostFrames(reference), lostFrames(actual));
}

for (const [name, options] of [
  ['the addon', { addonPath }],
  ['@evan/opus', {}],
] as const) {
  describe(name, () => {
    const codec = loadOpus(options);

    test('is the one that was asked for', () => {
      assert.equal(codec.exactConcealment, name === 'the addon');
    });

    test('20 ms at every rate come out as 20 ms at 16 kHz, and sound alike', () => {
      for (const sampleRate of [16_000, 24_000, 48_000] as const) {
        const packets = encodeAll(codec, vowel(sampleRate * 2, sampleRate), sampleRate);
        assert.equal(packets.length, 100);
        assert.ok(packets.every((packet) => opusPacketUnits(packet) === 960));
        const bytes = packets.reduce((sum, packet) => sum + packet.length, 0) / 2;
        assert.ok(bytes > 1_500 && bytes < 4_500, `${bytes} bytes a second`);
        const heard = decodeWithLoss(codec, packets, 'none');
        const spoken = energy(vowel(32_000, 16_000));
        assert.ok(energy(heard) > spoken / 2 && energy(heard) < spoken * 2);
      }
    });

    test('a lost frame is filled to the sample, and fades to nothing in the end', () => {
      const packets = encodeAll(codec, vowel(16_000, 16_000), 16_000);
      decodeWithLoss(codec, packets, 'conceal');
      decodeWithLoss(codec, packets, 'recover');
      const decoder = codec.createDecoder({ sampleRate: 16_000 });
      let last = energy(packets.map((packet) => energy(decoder.decode(packet))));
      for (const samples of [40, 80, 160, 320, 640, 960]) {
        assert.equal(decoder.conceal(samples).length, samples);
        assert.equal(decoder.recover(packets[0]!, samples).length, samples);
      }
      for (let frame = 0; frame < 20; frame++) last = energy(decoder.conceal(320));
      assert.ok(last < 100, String(last));
    });

    test('a fresh and a reset decoder start from silence', () => {
      const packets = encodeAll(codec, vowel(16_000, 16_000), 16_000);
      const decoder = codec.createDecoder({ sampleRate: 16_000 });
      assert.equal(energy(decoder.conceal(320)), 0);
      const first = packets.slice(0, 10).map((packet) => Int16Array.from(decoder.decode(packet)));
      decoder.reset();
      assert.deepEqual(
        packets.slice(0, 10).map((packet) => Int16Array.from(decoder.decode(packet))),
        first,
      );
    });

    test('one byte of silence is 20 ms', () => {
      const decoder = codec.createDecoder({ sampleRate: 16_000 });
      decoder.decode(encodeAll(codec, vowel(320, 16_000), 16_000)[0]!);
      assert.equal(decoder.decode(Uint8Array.of(9 << 3)).length, 320);
    });

    test('no bytes crash it: they decode to at most 120 ms, or are refused with a code', () => {
      const decoder = codec.createDecoder({ sampleRate: 16_000 });
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
          try {
            const { length } = decoder.decode(payload);
            assert.ok(length > 0 && length <= 1_920);
            assert.equal(length * 3, opusPacketUnits(payload));
          } catch (error) {
            assert.ok(error instanceof AppError && error.code === 'opus_invalid', String(error));
          }
        }),
        { numRuns: 1_000 },
      );
    });

    test('closing twice is fine', () => {
      for (const coder of [codec.createDecoder({ sampleRate: 16_000 }), codec.createEncoder({ sampleRate: 24_000 })]) {
        coder.close();
        coder.close();
      }
    });
  });
}

test('in-band correction brings back what concealment has to guess', () => {
  const codec = loadOpus({ addonPath });
  const packets = encodeAll(codec, vowel(16_000 * 4, 16_000), 16_000);
  const whole = decodeWithLoss(codec, packets, 'none');
  const concealed = lostFramesSnr(whole, decodeWithLoss(codec, packets, 'conceal'));
  const recovered = lostFramesSnr(whole, decodeWithLoss(codec, packets, 'recover'));
  // Where the voice is weak the encoder saves the copy.
  assert.ok(packets.filter((packet) => carriesCopy(packet)).length > 0.8 * packets.length);
  const encoder = codec.createEncoder({ sampleRate: 16_000, expectedLossPercent: 0 });
  assert.ok(!carriesCopy(encoder.encode(vowel(320, 16_000))) && !carriesCopy(encoder.encode(vowel(320, 16_000))));
  assert.ok(recovered > concealed + 3, `recovered ${recovered.toFixed(1)} dB, concealed ${concealed.toFixed(1)} dB`);
});

test('a closed coder of the addon refuses, and wrong arguments do not reach memory', () => {
  const codec = loadOpus({ addonPath });
  const decoder = codec.createDecoder({ sampleRate: 16_000 });
  assert.throws(() => decoder.conceal(100_000), AppError);
  assert.throws(() => decoder.conceal(-1), AppError);
  decoder.close();
  assert.throws(() => decoder.decode(Uint8Array.of(9 << 3)), AppError);
});

test('without the addon the fallback serves', () => {
  assert.equal(loadOpus({ addonPath: '/nowhere/opus.node' }).exactConcealment, false);
});
