import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../testing/properties.ts';
import { createTransparentCodec } from './codec.fixture.ts';
import { loadOpus } from './opus.ts';
import { createRtpHeader, parseRtp, type RtpHeader } from './rtp.ts';
import { energy, vowel } from './sounds.fixture.ts';
import { type PlayoutSegment, Speaker, type SegmentReport, type SpeakerOptions } from './speaker.ts';

interface SentPacket extends RtpHeader {
  readonly slot: number;
  readonly payload: readonly number[];
}

/** A speaker, its slots, and what it sent. */
function createSpeaker(options: Partial<SpeakerOptions> = {}) {
  const { codec, encoded, resets } = createTransparentCodec();
  const sent: SentPacket[] = [];
  let slot = 0;
  const speaker = new Speaker({
    codec,
    ssrc: 77,
    payloadType: 111,
    firstSequence: 65_534,
    firstTimestamp: 0xffff_fc40,
    send(packet) {
      const header = createRtpHeader();
      assert.equal(parseRtp(packet, header), undefined);
      sent.push({ ...header, slot, payload: [...packet.subarray(header.payloadOffset)] });
    },
    ...options,
  });
  return {
    speaker,
    encoded,
    resets,
    sent,
    /** Sound only, without the one-byte packets that close a spurt. */
    sound: () => sent.filter(({ payload }) => payload.length > 1),
    /** What was heard: the samples of the packets with sound. */
    heard: () =>
      sent.filter(({ payload }) => payload.length > 1).map(({ payload }) => encoded[(payload[1]! << 8) | payload[2]!]!),
    slots: (count: number) => {
      for (let done = 0; done < count; done++, slot++) {
        speaker.send(1_000 + slot * 20);
        speaker.prepare(1_000 + slot * 20);
      }
    },
  };
}

/** RTP time of a slot, by `firstTimestamp`. */
const time = (slot: number) => (0xffff_fc40 + slot * 960) % 2 ** 32;

const ramp = (length: number, from = 1) => Int16Array.from({ length }, (_, index) => ((from + index) % 30_000) + 1);

function play(segment: PlayoutSegment, samples: Int16Array): void {
  segment.write(samples);
  segment.end();
}

test('any pieces at any rate that Opus takes come out as the same samples, in frames of 20 ms', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          sampleRate: fc.constantFrom(8_000, 16_000, 24_000, 48_000),
          pieces: fc.array(fc.nat(1_500), { maxLength: 8 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      (segments) => {
        const { speaker, slots, heard } = createSpeaker();
        const expected: { sampleRate: number; samples: number[] }[] = [];
        const reports: SegmentReport[] = [];
        for (const { sampleRate, pieces } of segments) {
          const segment = speaker.openSegment({ sampleRate, onFinished: (report) => reports.push(report) });
          const all: number[] = [];
          for (const length of pieces) {
            const samples = ramp(length, all.length);
            all.push(...samples);
            segment.write(samples);
          }
          segment.end();
          const frame = sampleRate / 50;
          for (let at = 0; at < all.length; at += frame) {
            const samples = all.slice(at, at + frame);
            expected.push({ sampleRate, samples: [...samples, ...Array<number>(frame - samples.length).fill(0)] });
          }
          assert.equal(segment.writtenMs, (all.length * 1_000) / sampleRate);
        }
        slots(expected.length + 2);
        assert.deepEqual(heard(), expected);
        assert.equal(reports.length, segments.length);
        for (const report of reports) {
          assert.ok(report.complete);
          assert.equal(report.playedMs, report.writtenMs);
        }
        assert.equal(speaker.queuedMs, 0);
      },
    ),
    { numRuns: 100 },
  );
});

test('22.05 kHz goes to Opus at 24 kHz, to the sample, whatever the pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 10 }), (pieces) => {
      const { speaker, slots, heard } = createSpeaker();
      const segment = speaker.openSegment({ sampleRate: 22_050 });
      let total = 0;
      for (const length of pieces) {
        segment.write(new Int16Array(length).fill(1_000));
        total += length;
      }
      segment.end();
      slots(2_000);
      const frames = heard();
      const resampled = Math.ceil((total * 160) / 147);
      assert.equal(frames.length, Math.ceil(resampled / 480));
      assert.ok(frames.every(({ sampleRate, samples }) => sampleRate === 24_000 && samples.length === 480));
      const tail = frames.at(-1)!.samples.slice(resampled - (frames.length - 1) * 480);
      assert.ok(tail.every((sample) => sample === 0));
      assert.equal(segment.state, 'complete');
      assert.equal(segment.playedMs, (total * 1_000) / 22_050);
    }),
    { numRuns: 40 },
  );
});

test('RTP time goes on through silence, sequence numbers only with packets, both wrap; marks begin a spurt', () => {
  const { speaker, slots, sent } = createSpeaker();
  slots(3);
  play(speaker.openSegment({ sampleRate: 16_000 }), ramp(640));
  slots(10);
  play(speaker.openSegment({ sampleRate: 16_000 }), ramp(320));
  slots(5);
  const line = sent.map(({ slot, sequence, timestamp, marker, payload }) => [
    slot,
    sequence,
    timestamp,
    marker,
    payload.length,
  ]);
  assert.deepEqual(line, [
    [3, 65_534, time(3), true, 3],
    [4, 65_535, time(4), false, 3],
    [5, 0, time(5), false, 1],
    [13, 1, time(13), true, 3],
    [14, 2, time(14), false, 1],
  ]);
  assert.equal(sent[2]!.payload[0], 9 << 3);
});

test('slots that the pacer skips are skipped in RTP time too', () => {
  const { speaker, sent } = createSpeaker({ firstTimestamp: 0 });
  const segment = speaker.openSegment({ sampleRate: 16_000 });
  segment.write(ramp(3_200));
  for (const nowMs of [0, 20, 40, 1_040, 1_060]) {
    speaker.send(nowMs + 0.3);
    speaker.prepare(nowMs + 0.3);
  }
  assert.deepEqual(
    sent.map(({ timestamp }) => timestamp / 960),
    [0, 1, 2, 52, 53],
  );
});

test('segments tell when they start and end; one without audio is complete at once', async () => {
  const { speaker, slots } = createSpeaker();
  const log: string[] = [];
  const open = (name: string) =>
    speaker.openSegment({
      sampleRate: 16_000,
      onStarted: (nowMs) => log.push(`${name} starts ${nowMs}`),
      onFinished: ({ complete }) => log.push(`${name} ends ${complete}`),
    });
  const [a, empty, b] = [open('a'), open('empty'), open('b')];
  play(a, ramp(500));
  empty.end();
  b.write(ramp(320));
  assert.deepEqual([a.state, b.state], ['waiting', 'waiting']);
  slots(2);
  assert.deepEqual(log, ['a starts 1000', 'a ends true', 'empty ends true']);
  slots(1);
  assert.equal(log.at(-1), 'b starts 1040');
  assert.equal(b.state, 'playing');
  // All of b was sent before it was known to be all.
  slots(3);
  b.end();
  b.write(ramp(320));
  slots(1);
  assert.equal(log.at(-1), 'b ends true');
  assert.deepEqual(await b.finished, { playedMs: 20, writtenMs: 20, complete: true });
});

test('audio that comes too late is waited for, without filling up half a frame', () => {
  const { speaker, slots, sent, heard } = createSpeaker();
  const segment = speaker.openSegment({ sampleRate: 16_000 });
  segment.write(ramp(500));
  slots(6);
  assert.equal(segment.playedMs, 20);
  segment.write(ramp(140, 501));
  segment.end();
  slots(4);
  assert.deepEqual(
    heard().flatMap(({ samples }) => samples),
    [...ramp(640)],
  );
  assert.deepEqual(
    sent.map(({ marker, payload }) => [marker, payload.length]),
    [
      [true, 3],
      [false, 1],
      [true, 3],
      [false, 1],
    ],
  );
  assert.equal(speaker.stats().underruns, 1);
  assert.equal(segment.state, 'complete');
});

test('stop drops everything, the prepared packet too, and says what was heard of each segment', async () => {
  const { speaker, slots, sound, resets } = createSpeaker();
  const finished: SegmentReport[] = [];
  const open = () => speaker.openSegment({ sampleRate: 16_000, onFinished: (report) => finished.push(report) });
  const [a, b, c] = [open(), open(), open()];
  play(a, ramp(330));
  play(b, ramp(1_600));
  play(c, ramp(100));
  slots(4); // a, a, b, b
  assert.deepEqual([a.playedMs, b.playedMs, b.queuedMs, c.playedMs], [330 / 16, 40, 60, 0]);
  assert.deepEqual(speaker.stop(), [
    { playedMs: 40, writtenMs: 100, complete: false },
    { playedMs: 0, writtenMs: 6.25, complete: false },
  ]);
  assert.deepEqual(
    finished.map(({ complete }) => complete),
    [true, false, false],
  );
  assert.equal((await b.finished).playedMs, 40);
  assert.deepEqual(resets, ['encoder']);
  b.write(ramp(320));
  slots(5);
  assert.equal(sound().length, 4);
  assert.deepEqual(speaker.stop(), []);
  play(open(), ramp(320));
  slots(1);
  assert.equal(sound().length, 5);
  assert.ok(sound()[4]!.marker);
});

test('a pause loses nothing and repeats nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 8 }), (pauses) => {
      const { speaker, slots, heard, sent } = createSpeaker();
      const segment = speaker.openSegment({ sampleRate: 16_000 });
      play(segment, ramp(320 * 30));
      for (const [playing, paused] of pauses) {
        slots(playing);
        speaker.pause();
        const before = segment.playedMs;
        slots(paused);
        assert.equal(segment.playedMs, before);
        assert.ok(speaker.paused);
        speaker.resume();
      }
      slots(40);
      assert.deepEqual(
        heard().flatMap(({ samples }) => samples),
        [...ramp(320 * 30)],
      );
      assert.equal(segment.playedMs, 600);
      // RTP time is slot time, always.
      for (const { slot, timestamp } of sent) assert.equal(timestamp, time(slot));
    }),
    { numRuns: 60 },
  );
});

test('room waits until the queue is short enough, until stop, or until the signal', async () => {
  const { speaker, slots } = createSpeaker({ maxQueuedMs: 100 });
  const never = new AbortController();
  await speaker.room(never.signal);
  const segment = speaker.openSegment({ sampleRate: 16_000 });
  segment.write(ramp(320 * 8));
  let admitted = false;
  const waiting = speaker.room(never.signal).then(() => (admitted = true));
  slots(3); // 100 ms left
  await Promise.resolve();
  assert.equal(admitted, false);
  slots(1);
  await waiting;

  segment.write(ramp(320 * 8));
  const aborted = new AbortController();
  const refused = speaker.room(aborted.signal);
  aborted.abort(new Error('enough'));
  await assert.rejects(refused, /enough/);
  await assert.rejects(speaker.room(aborted.signal), /enough/);

  const stopped = speaker.room(never.signal);
  speaker.stop();
  await stopped;
});

test('closed, it sends nothing; what is opened then is stopped', async () => {
  const { speaker, slots, sent } = createSpeaker();
  play(speaker.openSegment({ sampleRate: 16_000 }), ramp(3_200));
  slots(3);
  const before = sent.length;
  speaker.close();
  speaker.close();
  const late = speaker.openSegment({ sampleRate: 16_000 });
  play(late, ramp(320));
  slots(5);
  assert.equal(sent.length, before);
  assert.equal((await late.finished).complete, false);
  await speaker.room(new AbortController().signal);
});

test('with the real codec a voice comes out of the other end', () => {
  const codec = loadOpus();
  const { speaker, slots, sound } = createSpeaker({ codec });
  play(speaker.openSegment({ sampleRate: 22_050 }), vowel(22_050, 22_050));
  slots(60);
  const decoder = codec.createDecoder({ sampleRate: 16_000 });
  const heard = sound().flatMap(({ payload }) => Array.from(decoder.decode(Uint8Array.from(payload))));
  assert.equal(heard.length, 16_000);
  const ratio = energy(heard) / energy(vowel(16_000, 16_000));
  assert.ok(ratio > 0.7 && ratio < 1.4, String(ratio));
});
