import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../testing/properties.ts';
import { createRtpHeader, parseRtp, SequenceUnwrapper, TimestampUnwrapper, writeRtpHeader } from './rtp.ts';

/** A packet written out by the RFC, apart from the writer under test. */
function build(parts: {
  padding?: number;
  csrc?: number;
  extension?: number;
  payload?: number;
  marker?: boolean;
}): Uint8Array {
  const { padding = 0, csrc = 0, extension, payload = 3, marker = false } = parts;
  const bytes = [0x80 | (padding > 0 ? 0x20 : 0) | (extension === undefined ? 0 : 0x10) | csrc];
  bytes.push((marker ? 0x80 : 0) | 111, 0x12, 0x34, 0xfe, 0xdc, 0xba, 0x98, 0x89, 0xab, 0xcd, 0xef);
  for (let index = 0; index < csrc * 4; index++) bytes.push(0xcc);
  if (extension !== undefined) {
    bytes.push(0xbe, 0xde, extension >> 8, extension & 0xff);
    for (let index = 0; index < extension * 4; index++) bytes.push(0xee);
  }
  for (let index = 0; index < payload; index++) bytes.push(index + 1);
  for (let index = 1; index <= padding; index++) bytes.push(index === padding ? padding : 0);
  return Uint8Array.from(bytes);
}

test('every part of the header is read, and the payload stands between extension and padding', () => {
  for (const csrc of [0, 1, 15]) {
    for (const extension of [undefined, 0, 1, 7]) {
      for (const padding of [0, 1, 4, 200]) {
        const packet = build({ csrc, ...(extension !== undefined && { extension }), padding, marker: true });
        const header = createRtpHeader();
        assert.equal(parseRtp(packet, header), undefined);
        const { payloadOffset, payloadLength, ...fixed } = header;
        assert.deepEqual(fixed, {
          marker: true,
          payloadType: 111,
          sequence: 0x1234,
          timestamp: 0xfedcba98,
          ssrc: 0x89abcdef,
        });
        assert.deepEqual([...packet.subarray(payloadOffset, payloadOffset + payloadLength)], [1, 2, 3]);
      }
    }
  }
});

test('what is not RTP is named', () => {
  const header = createRtpHeader();
  const whole = build({ csrc: 2, extension: 2, padding: 4 });
  assert.equal(parseRtp(new Uint8Array(0), header), 'too_short');
  assert.equal(parseRtp(whole.subarray(0, 11), header), 'too_short');
  assert.equal(parseRtp(whole.with(0, 0x40), header), 'wrong_version');
  assert.equal(parseRtp(whole.with(1, 200), header), 'rtcp');
  assert.equal(parseRtp(build({ csrc: 4 }).subarray(0, 20), header), 'truncated');
  assert.equal(parseRtp(build({ extension: 9 }).subarray(0, 30), header), 'truncated');
  assert.equal(parseRtp(build({ extension: 0 }).subarray(0, 14), header), 'truncated');
  assert.equal(parseRtp(whole.with(whole.length - 1, 0), header), 'bad_padding');
  assert.equal(parseRtp(whole.with(whole.length - 1, 99), header), 'bad_padding');
  assert.equal(parseRtp(build({ payload: 0 }), header), 'no_payload');
  assert.equal(parseRtp(build({ payload: 0, padding: 8 }), header), 'no_payload');
});

test('no bytes make the parser throw or point outside of the packet', () => {
  const mutated = fc
    .tuple(
      fc.record({
        csrc: fc.nat(15),
        extension: fc.nat(40),
        padding: fc.nat(255),
        payload: fc.nat(300),
      }),
      fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 8 }),
      fc.nat(900),
    )
    .map(([parts, changes, cut]) => {
      const packet = build(parts).slice(0, cut);
      for (const [at, value] of changes) if (at < packet.length) packet[at] = value;
      return packet;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), mutated), (bytes) => {
      // A view into a larger buffer: reading past the view would find the guard bytes and go on.
      const guarded = new Uint8Array(bytes.length + 64).fill(0xff);
      guarded.set(bytes, 32);
      const reads: number[] = [];
      const watched = new Proxy(guarded.subarray(32, 32 + bytes.length), {
        get(target, key) {
          if (typeof key === 'string' && /^\d+$/.test(key)) reads.push(Number(key));
          return Reflect.get(target, key, target) as unknown;
        },
      });
      const header = createRtpHeader();
      if (parseRtp(watched, header) === undefined) {
        assert.ok(header.payloadOffset >= 12 && header.payloadLength >= 1);
        assert.ok(header.payloadOffset + header.payloadLength <= bytes.length);
      }
      assert.ok(reads.every((index) => index < bytes.length));
    }),
    { numRuns: 2_000 },
  );
});

test('what is written is parsed back', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.nat(63),
      fc.nat(0xffff),
      fc.nat(0xffffffff),
      fc.nat(0xffffffff),
      (marker, payloadType, sequence, timestamp, ssrc) => {
        const packet = new Uint8Array(13);
        writeRtpHeader(packet, marker, payloadType, sequence, timestamp, ssrc);
        const header = createRtpHeader();
        assert.equal(parseRtp(packet, header), undefined);
        assert.deepEqual(header, {
          marker,
          payloadType,
          sequence,
          timestamp,
          ssrc,
          payloadOffset: 12,
          payloadLength: 1,
        });
      },
    ),
  );
});

test('sequence numbers are unwrapped over any number of wraps, in disorder too', () => {
  fc.assert(
    fc.property(
      fc.nat(0xffff),
      fc.array(fc.integer({ min: -1_000, max: 20_000 }), { maxLength: 200 }),
      (first, steps) => {
        const unwrapper = new SequenceUnwrapper();
        let highest = unwrapper.unwrap(first);
        assert.equal(highest, first);
        for (const step of steps) {
          const expected = highest + step;
          assert.equal(unwrapper.unwrap(((expected % 65_536) + 65_536) % 65_536), expected);
          highest = Math.max(highest, expected);
        }
      },
    ),
  );
});

test('timestamps are unwrapped over any number of wraps, forwards and backwards', () => {
  fc.assert(
    fc.property(
      fc.nat(0xffffffff),
      fc.array(fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff }), { maxLength: 100 }),
      (first, steps) => {
        const unwrapper = new TimestampUnwrapper();
        let last = unwrapper.unwrap(first);
        for (const step of steps) {
          last += step;
          assert.equal(unwrapper.unwrap(((last % 2 ** 32) + 2 ** 32) % 2 ** 32), last);
        }
      },
    ),
  );
});
