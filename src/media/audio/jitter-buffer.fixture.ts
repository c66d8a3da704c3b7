import assert from 'node:assert/strict';
import { COPY_FLAG } from './codec.fixture.ts';
import type { JitterBuffer } from './jitter-buffer.ts';
import type { Admission, Playout } from './jitter-types.ts';
import { createRtpHeader, parseRtp, writeRtpHeader } from './rtp.ts';

/** TOC of a 20 ms SILK wideband packet; the three bytes after it carry the packet's number. */
const TOC_20_MS = 9 << 3;

export interface Sent {
  readonly number: number;
  readonly sequence: number;
  readonly timestamp: number;
  /** It carries a copy of the packet before. */
  readonly copy?: boolean;
}

export function packetOf({ number, sequence, timestamp, copy = true }: Sent, ssrc = 1): Uint8Array {
  const packet = new Uint8Array(16);
  writeRtpHeader(packet, false, 111, sequence & 0xffff, timestamp >>> 0, ssrc);
  packet.set([TOC_20_MS, (number >> 16) | (copy ? COPY_FLAG : 0), number >> 8, number], 12);
  return packet;
}

export function push(buffer: JitterBuffer, sent: Sent, nowMs: number, ssrc = 1): Admission {
  const header = createRtpHeader();
  const packet = packetOf(sent, ssrc);
  assert.equal(parseRtp(packet, header), undefined);
  return buffer.push(packet, header, nowMs);
}

export const numberIn = (playout: Playout) =>
  ((playout.payload[1]! & ~COPY_FLAG) << 16) | (playout.payload[2]! << 8) | playout.payload[3]!;

/** A readable record of a pull: `p7` packet 7, `r7` recovered from 7, `c`, `s`, `x` for starved; units when not 960. */
export function pull(buffer: JitterBuffer, nowMs: number): string {
  const playout = buffer.pull(nowMs);
  const letter = { packet: 'p', recover: 'r', conceal: 'c', silence: 's', starved: 'x' }[playout.kind];
  const number = playout.payload.length > 0 ? String(numberIn(playout)) : '';
  return letter + number + (playout.units === 960 ? '' : `:${playout.units}`);
}

/** Packet `number` of an even stream. */
export const even = (number: number, first = 0): Sent => ({
  number,
  sequence: first + number,
  timestamp: 0x1234 + number * 960,
});

/** One packet and one pull every 20 ms; `received` decides what comes. */
export function run(
  buffer: JitterBuffer,
  ticks: number,
  received: (tick: number) => readonly Sent[],
  startMs = 1_000,
): string[] {
  const heard: string[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    for (const sent of received(tick)) push(buffer, sent, startMs + tick * 20);
    heard.push(pull(buffer, startMs + tick * 20));
  }
  return heard;
}
