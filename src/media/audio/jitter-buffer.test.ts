import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../testing/properties.ts';
import { even, numberIn, packetOf, pull, push, run, type Sent } from './jitter-buffer.fixture.ts';
import { JitterBuffer } from './jitter-buffer.ts';
import { createRtpHeader, parseRtp } from './rtp.ts';

test('an even stream begins after the wanted delay and then plays packet by packet', () => {
  const heard = run(new JitterBuffer(), 8, (tick) => [even(tick)]);
  assert.deepEqual(heard, ['s', 's', 'p0', 'p1', 'p2', 'p3', 'p4', 'p5']);
});

test('a lost packet is recovered from the next one, several are concealed before it', () => {
  const heard = run(new JitterBuffer(), 12, (tick) => ([2, 5, 6, 7].includes(tick) ? [] : [even(tick)]));
  assert.deepEqual(heard, ['s', 's', 'p0', 'p1', 'r3', 'p3', 'p4', 'x', 'c', 'r8', 'p8', 'p9']);
});

test('what was starved for is taken off the loss, so the stream stays where it was', () => {
  const buffer = new JitterBuffer();
  const heard = run(buffer, 14, (tick) => (tick >= 4 && tick <= 8 ? [] : [even(tick)]));
  assert.deepEqual(heard, ['s', 's', 'p0', 'p1', 'p2', 'p3', 'x', 'x', 'x', 'c', 'r9', 'p9', 'p10', 'p11']);
  assert.equal(buffer.stats.lost, 5);
});

test('packets that come together late are all played, and the delay that they add goes in the next silence', () => {
  const buffer = new JitterBuffer();
  const heard = run(buffer, 20, (tick) => {
    if (tick >= 4 && tick < 8) return [];
    if (tick === 8) return [4, 5, 6, 7, 8].map((number) => even(number));
    // 80 ms of silence by the sender after packet 11, without a gap in the sequence.
    return [{ number: tick, sequence: tick > 11 ? tick - 4 : tick, timestamp: 0x1234 + tick * 960 }].filter(
      () => tick <= 11 || tick >= 16,
    );
  });
  assert.deepEqual(heard.slice(0, 16), [
    's', 's', 'p0', 'p1', 'p2', 'p3', 'x', 'x', 'p4', 'p5', 'p6', 'p7', 'p8', 'p9', 'p10', 'p11',
  ]); // prettier-ignore
  assert.equal(buffer.stats.lost + buffer.stats.late + buffer.stats.discarded, 0);
  assert.ok(buffer.delayMs(1_000 + 19 * 20) < 80);
});

test('silence by the sender lasts as long as its timestamps say', () => {
  const buffer = new JitterBuffer();
  const sent = new Map([0, 1, 2, 23, 24, 25].map((tick, index) => [tick, { ...even(tick), sequence: index }]));
  const heard = run(buffer, 28, (tick) => [sent.get(tick)].filter((packet) => packet !== undefined));
  assert.deepEqual(heard.slice(0, 5), ['s', 's', 'p0', 'p1', 'p2']);
  assert.ok(heard.slice(5, 25).every((entry) => entry === 'x' || entry === 's'));
  assert.deepEqual(heard.slice(25), ['p23', 'p24', 'p25']);
  assert.equal(buffer.stats.lost, 0);
});

test('disorder, duplicates and late packets: each is played once, in order, or counted', () => {
  const buffer = new JitterBuffer();
  const arrivals: Record<number, number[]> = { 0: [0], 2: [2, 1, 2], 3: [3, 3], 5: [5], 6: [6, 4], 7: [1, 7] };
  const heard = run(buffer, 9, (tick) => (arrivals[tick] ?? []).map((number) => even(number)));
  assert.deepEqual(heard, ['s', 's', 'p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6']);
  assert.equal(buffer.stats.duplicate, 3);
  assert.equal(push(buffer, even(2), 1_200), 'duplicate');
  push(buffer, even(9), 1_200);
  assert.deepEqual([pull(buffer, 1_200), pull(buffer, 1_220), pull(buffer, 1_240)], ['p7', 'r9', 'p9']);
  assert.equal(push(buffer, even(8), 1_260), 'late');
  assert.equal(buffer.stats.late, 1);
});

test('a new SSRC begins anew and says so', () => {
  const buffer = new JitterBuffer();
  run(buffer, 5, (tick) => [even(tick)]);
  const heard: string[] = [];
  for (let tick = 0; tick < 3; tick++) {
    push(buffer, { number: 900 + tick, sequence: 40_000 + tick, timestamp: 7 + 960 * tick }, 1_100 + tick * 20, 2);
    const playout = buffer.pull(1_100 + tick * 20);
    heard.push(playout.kind);
    assert.equal(playout.restarted, tick === 2);
  }
  assert.deepEqual(heard, ['silence', 'silence', 'packet']);
});

test('a jump of the timestamp in either direction costs no sound', () => {
  for (const jump of [50_000_000, -50_000_000, 0x7000_0000]) {
    const buffer = new JitterBuffer();
    const heard = run(buffer, 40, (tick) => [{ ...even(tick), timestamp: 77 + tick * 960 + (tick > 10 ? jump : 0) }]);
    assert.deepEqual(
      heard.filter((entry) => entry.startsWith('p')),
      Array.from({ length: 38 }, (_, index) => `p${index}`),
    );
    assert.ok(buffer.stats.resyncs > 0);
  }
});

test('a sender that paused and goes on as if it had not gets the wanted delay again', () => {
  const buffer = new JitterBuffer();
  const heard = run(buffer, 120, (tick) => (tick < 10 ? [even(tick)] : tick < 110 ? [] : [even(tick - 100)]));
  assert.deepEqual(heard.slice(108, 115), ['x', 'x', 's', 's', 'p10', 'p11', 'p12']);
});

test('a wild sequence number is dropped unless the next packet confirms it', () => {
  const buffer = new JitterBuffer();
  run(buffer, 5, (tick) => [even(tick)]);
  assert.equal(push(buffer, { number: 1, sequence: 30_000, timestamp: 3 }, 1_100), 'doubted');
  assert.equal(push(buffer, even(5), 1_100), 'stored');
  assert.equal(push(buffer, { number: 1, sequence: 30_000, timestamp: 3 }, 1_100), 'doubted');
  assert.equal(push(buffer, { number: 2, sequence: 30_001, timestamp: 963 }, 1_120), 'stored');
});

test('what is sent again after an outage, hundreds of packets old, does not disturb what comes now', () => {
  const buffer = new JitterBuffer();
  // 3 s without a packet, then each new one beside three of those that were lost.
  const heard = run(buffer, 260, (tick) => {
    if (tick < 20) return [even(tick)];
    if (tick < 170) return [];
    const again = (tick - 170) * 3 + 20;
    return [...[again, again + 1, again + 2].filter((number) => number < 170).map(even), even(tick)];
  });
  const played = heard.filter((entry) => entry.startsWith('p')).map((entry) => Number(entry.slice(1)));
  assert.deepEqual(
    played.filter((number) => number >= 170),
    Array.from({ length: played.filter((number) => number >= 170).length }, (_, index) => 170 + index),
  );
  assert.ok(played.at(-1)! >= 255, `played up to ${played.at(-1)}`);
  assert.ok(buffer.stats.lost <= 150, `${buffer.stats.lost} lost`);
});

test('what is not Opus is refused', () => {
  const buffer = new JitterBuffer();
  const header = createRtpHeader();
  const packet = packetOf(even(0));
  packet.set([3, 63], 12); // 63 frames of 10 ms
  parseRtp(packet, header);
  assert.equal(buffer.push(packet, header, 0), 'invalid');
  assert.equal(pull(buffer, 20), 's');
});

test('the wanted delay follows the jitter up and down within its limits', () => {
  const buffer = new JitterBuffer();
  let number = 0;
  const feed = (packets: number, jitterMs: number) => {
    for (let index = 0; index < packets; index++, number++) {
      push(buffer, even(number), 1_000 + number * 20 + (number % 3 === 0 ? jitterMs : 0));
      pull(buffer, 1_000 + number * 20 + 19);
    }
    return buffer.targetDelayMs;
  };
  assert.equal(feed(1_500, 0), 20);
  const raised = feed(1_500, 73);
  assert.ok(raised >= 75 && raised <= 85, String(raised));
  assert.equal(feed(2_500, 0), 20);
  assert.equal(feed(1_500, 390), 200);
});

test('a sender whose clock runs fast or slow is followed in its silences', () => {
  for (const partsPerMillion of [400, -400]) {
    const buffer = new JitterBuffer();
    let sequence = 0;
    let next = 0;
    // 500 ms of talk and 500 ms of silence, for ten minutes: 240 ms of drift.
    for (let tick = 0; tick < 30_000; tick++) {
      const nowMs = 1_000 + tick * 20;
      for (; next * 20 * (1 - partsPerMillion / 1e6) <= tick * 20; next++) {
        if (next % 50 >= 25) continue;
        push(
          buffer,
          { number: next, sequence: sequence++, timestamp: next * 960 },
          1_000 + next * 20 * (1 - partsPerMillion / 1e6),
        );
      }
      if (buffer.pull(nowMs).kind === 'packet')
        assert.ok(buffer.delayMs(nowMs) < 120, `${buffer.delayMs(nowMs)} at ${tick}`);
    }
    assert.equal(buffer.stats.lost + buffer.stats.late + buffer.stats.discarded, 0);
  }
});

test('whatever the network does: in order, never twice, and nothing that came in time is left out', () => {
  const packet = fc.record({
    lost: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
    delayMs: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(150)),
    copies: fc.integer({ min: 1, max: 2 }),
    silenceBefore: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(30) }),
  });
  fc.assert(
    fc.property(
      fc.array(packet, { minLength: 1, maxLength: 120 }),
      fc.constantFrom(0, 65_500),
      fc.constantFrom(0, 0xffff_f000),
      fc.nat(19),
      (network, firstSequence, firstTimestamp, phase) => {
        const arrivals: { atMs: number; sent: Sent }[] = [];
        let frame = 0;
        network.forEach(({ lost, delayMs, copies, silenceBefore }, number) => {
          frame += 1 + silenceBefore;
          const sent = { number, sequence: firstSequence + number, timestamp: firstTimestamp + frame * 960 };
          for (let copy = 0; copy < (lost ? 0 : copies); copy++) {
            arrivals.push({ atMs: frame * 20 + delayMs * (copy + 1), sent });
          }
        });
        arrivals.sort((a, b) => a.atMs - b.atMs);

        const buffer = new JitterBuffer();
        const stored = new Set<number>();
        const played: number[] = [];
        let pulledUnits = 0;
        let arrived = 0;
        const end = frame * 20 + 2_000;
        for (let nowMs = phase, due = 0; nowMs < end; nowMs += 20) {
          for (; arrived < arrivals.length && arrivals[arrived]!.atMs <= nowMs; arrived++) {
            const { sent, atMs } = arrivals[arrived]!;
            if (push(buffer, sent, atMs) === 'stored') stored.add(sent.number);
          }
          for (due += 960; pulledUnits < due;) {
            const playout = buffer.pull(nowMs);
            assert.ok(playout.units > 0 && playout.units <= 960 && playout.units % 3 === 0);
            pulledUnits += playout.units;
            if (playout.kind === 'packet') played.push(numberIn(playout));
          }
        }
        assert.deepEqual(
          played,
          played.toSorted((a, b) => a - b),
          'in order',
        );
        assert.equal(new Set(played).size, played.length, 'never twice');
        assert.deepEqual(new Set(played), stored, 'everything that was taken was played');
        // What is refused came after something later had been played, or is a copy.
        const { late, duplicate } = buffer.stats;
        assert.equal(arrivals.length, stored.size + late + duplicate);
      },
    ),
    { numRuns: 400 },
  );
});
