import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksum, OggWriter } from './ogg-writer.ts';
import { joinSlot } from './opus-in-ogg.ts';

const LEARNER = Uint8Array.of(0xf8, 0xff, 0xfe);

/** What follows the first stream's own table of contents in a joined packet, by RFC 6716, appendix B. */
test('the first stream carries its own length, in one byte or two', () => {
  const short = Uint8Array.of(0x48, 1, 2, 3);
  assert.deepEqual([...joinSlot(short, LEARNER)], [0x48, 3, 1, 2, 3, ...LEARNER]);
  const long = new Uint8Array(1 + 700).fill(7);
  long[0] = 0x48;
  const joined = joinSlot(long, LEARNER);
  assert.equal(joined.length, long.length + 2 + LEARNER.length);
  // RFC 6716, section 3.2.1: second byte times four, plus the first.
  assert.equal(joined[2]! * 4 + joined[1]!, 700);
  assert.ok(joined[1]! >= 252);
});

test('of two frames the last one’s length stands behind the first one’s', () => {
  // Code 1: two frames of one length; code 2: the first one's length stands in the packet already.
  assert.deepEqual([...joinSlot(Uint8Array.of(0x49, 1, 2, 3, 4), LEARNER)], [0x49, 2, 1, 2, 3, 4, ...LEARNER]);
  assert.deepEqual([...joinSlot(Uint8Array.of(0x4a, 1, 9, 5, 6), LEARNER)], [0x4a, 1, 2, 9, 5, 6, ...LEARNER]);
});

test('a page has its number, its checksum, and lacing that ends each packet', () => {
  const ogg = new OggWriter({ serial: 7 });
  ogg.add(new Uint8Array(255));
  ogg.add(new Uint8Array(10));
  const page = ogg.page(960);
  assert.equal(page.toString('latin1', 0, 4), 'OggS');
  assert.deepEqual([...page.subarray(26, 30)], [3, 255, 0, 10]);
  const crc = page.readUInt32LE(22);
  page.writeUInt32LE(0, 22);
  assert.equal(checksum(page), crc);
  assert.equal(page[5], 2, 'the first page');
  const next = ogg.page(960, { last: true });
  assert.equal(next[5], 4, 'the last page');
  assert.equal(next.readUInt32LE(18), 1);
});

test('the checksum is the one of RFC 3533', () => {
  // The polynomial itself comes out for a single one bit shifted through.
  assert.equal(checksum(Uint8Array.of(1)), 0x04c1_1db7);
  assert.equal(checksum(new TextEncoder().encode('123456789')), 0x89a1_897f);
});

test('a page takes 255 lacing values and no more', () => {
  const ogg = new OggWriter({ serial: 1 });
  for (let index = 0; index < 255; index++) ogg.add(new Uint8Array(1));
  assert.equal(ogg.hasRoomFor(1), false);
  assert.throws(() => ogg.add(new Uint8Array(1)), RangeError);
  ogg.page(0);
  assert.ok(ogg.hasRoomFor(1));
});
