import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../testing/properties.ts';
import { CONCEALED, COPY_FLAG, createTransparentCodec, deafDetector, RECOVERED, TOC } from './codec.fixture.ts';
import { Microphone, type MicrophoneOptions } from './microphone.ts';
import { loadOpus } from './opus.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from './rtp.ts';
import { energy, vowel } from './sounds.fixture.ts';
import { Speaker } from './speaker.ts';

interface Sent {
  /** What its samples will be: above 0, so that it is neither silence nor filled in. */
  readonly value: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ms?: keyof typeof TOC;
  readonly payloadType?: number;
  /** It carries a copy of the packet before. */
  readonly copy?: boolean;
}

function packetOf({ value, sequence, timestamp, ms = 20, payloadType = 111, copy = true }: Sent): Uint8Array {
  const packet = new Uint8Array(RTP_HEADER_BYTES + 3);
  writeRtpHeader(packet, false, payloadType, sequence & 0xffff, timestamp >>> 0, 5);
  packet.set([TOC[ms], (value >> 8) | (copy ? COPY_FLAG : 0), value & 0xff], RTP_HEADER_BYTES);
  return packet;
}

function createMicrophone(options: Partial<MicrophoneOptions> = {}) {
  const { codec, resets } = createTransparentCodec();
  const samples: number[] = [];
  const microphone = new Microphone({
    codec,
    detector: deafDetector,
    onFrame(frame, sampleIndex) {
      assert.equal(frame.length, 320);
      assert.equal(sampleIndex, samples.length);
      samples.push(...frame);
    },
    onVoice: () => {},
    ...options,
  });
  return { microphone, samples, resets };
}

/** The stream as runs of equal samples: `[value, samples]`. */
function runs(samples: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const sample of samples) {
    const last = found.at(-1);
    if (last?.[0] === sample) last[1]++;
    else found.push([sample, 1]);
  }
  return found;
}

const even = (tick: number): Sent => ({ value: 100 + tick, sequence: tick, timestamp: tick * 960 });

test('one frame of 320 samples a tick, from the first tick on, and each packet in its place', () => {
  const { microphone, samples } = createMicrophone();
  for (let tick = 0; tick < 5; tick++) microphone.tick(tick * 20);
  for (let tick = 0; tick < 5; tick++) {
    microphone.receive(packetOf(even(tick)), 100 + tick * 20);
    microphone.tick(100 + tick * 20);
  }
  assert.deepEqual(runs(samples), [
    [0, 7 * 320],
    [100, 320],
    [101, 320],
    [102, 320],
  ]);
  assert.equal(microphone.samplesEmitted, 3_200);
  assert.equal(microphone.stats().framesEmitted, 10);
});

test('packets of 10, 40 and 60 ms fill the same frames', () => {
  for (const ms of [10, 40, 60] as const) {
    const { microphone, samples } = createMicrophone();
    const sent = Array.from({ length: 240 / ms }, (_, index) => ({
      atMs: index * ms,
      packet: packetOf({ value: 100 + index, sequence: index, timestamp: index * ms * 48, ms }),
    }));
    for (let tick = 0; tick < 16; tick++) {
      for (const { atMs, packet } of sent) {
        if (atMs >= tick * 20 && atMs < tick * 20 + 20) microphone.receive(packet, atMs);
      }
      microphone.tick(tick * 20);
    }
    const heard = runs(samples).filter(([value]) => value >= 100 && value < 1_000);
    assert.deepEqual(
      heard,
      sent.map((_, index) => [100 + index, ms * 16]),
    );
  }
});

test('a loss is recovered or concealed in its place; a long one fades to silence after 60 ms', () => {
  const { microphone, samples } = createMicrophone();
  for (let tick = 0; tick < 30; tick++) {
    if (tick !== 5 && (tick < 9 || tick > 20)) microphone.receive(packetOf(even(tick)), tick * 20);
    microphone.tick(tick * 20);
  }
  const frame = (number: number) => samples.slice((number + 2) * 320, (number + 3) * 320);
  assert.ok(frame(5).every((sample) => sample === RECOVERED));
  for (const number of [4, 6, 7, 8, 21, 22]) assert.ok(frame(number).every((sample) => sample === 100 + number));
  // 60 ms of fading, then nothing, then the last one recovered.
  const faded = [...frame(9), ...frame(10), ...frame(11)];
  assert.ok(faded[0]! < CONCEALED * 0.99 && faded.at(-1)! > CONCEALED * 0.01);
  assert.ok(faded.every((sample, index) => index === 0 || sample >= faded[index - 1]!));
  for (let number = 12; number < 20; number++)
    assert.ok(
      frame(number).every((sample) => sample === 0),
      String(number),
    );
  assert.ok(frame(20).every((sample) => sample === RECOVERED || sample === 0));
  const { packetsLost, framesRecovered } = microphone.stats();
  assert.equal(packetsLost, 13);
  assert.ok(framesRecovered >= 1);
});

test('the places on the sample clock stand firm under loss, disorder, duplicates, silences and wraps', () => {
  const network = fc.array(
    fc.record({
      lost: fc.integer({ min: 0, max: 4 }).map((roll) => roll === 0),
      /** Up to here a packet is still in time for the initial delay of 40 ms. */
      delayMs: fc.oneof(fc.constant(0), fc.nat(35)),
      twice: fc.boolean(),
      silenceBefore: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(40) }),
    }),
    { minLength: 1, maxLength: 150 },
  );
  fc.assert(
    fc.property(
      network,
      fc.constantFrom(3, 65_500),
      fc.constantFrom(7, 0xffff_8000),
      (packets, firstSequence, firstTimestamp) => {
        const arrivals = [
          { atMs: 0, packet: packetOf({ value: 1, sequence: firstSequence, timestamp: firstTimestamp }) },
        ];
        const places = new Map([[1, 0]]);
        let place = 0;
        packets.forEach(({ lost, delayMs, twice, silenceBefore }, index) => {
          place += 1 + silenceBefore;
          if (lost) return;
          const sent = {
            value: 2 + index,
            sequence: firstSequence + 1 + index,
            timestamp: firstTimestamp + place * 960,
            // With copies worth waiting for, everything would come later.
            copy: false,
          };
          arrivals.push({ atMs: place * 20 + delayMs, packet: packetOf(sent) });
          if (twice) arrivals.push({ atMs: place * 20 + delayMs + 10, packet: packetOf(sent) });
          places.set(sent.value, place);
        });
        arrivals.sort((a, b) => a.atMs - b.atMs);

        const { microphone, samples } = createMicrophone();
        const ticks = place + 10;
        for (let tick = 0, next = 0; tick < ticks; tick++) {
          for (; next < arrivals.length && arrivals[next]!.atMs <= tick * 20; next++) {
            microphone.receive(arrivals[next]!.packet, arrivals[next]!.atMs);
          }
          microphone.tick(tick * 20);
        }
        assert.equal(samples.length, ticks * 320);
        // All that came stands 40 ms after its time, whole; nothing stands anywhere else.
        for (const [value, at] of places) {
          assert.ok(
            samples.slice((at + 2) * 320, (at + 3) * 320).every((sample) => sample === value),
            `packet ${value}`,
          );
        }
        assert.equal(samples.filter((sample) => sample > 0).length, places.size * 320);
      },
    ),
    { numRuns: 150 },
  );
});

test('whatever is received, a tick is one frame and nothing throws', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.nat(400).map((tick) => packetOf(even(tick))),
        ),
        {
          maxLength: 60,
        },
      ),
      fc.constantFrom(loadOpus(), createTransparentCodec().codec),
      (packets, codec) => {
        const { microphone, samples } = createMicrophone({ codec });
        packets.forEach((packet, index) => {
          // Half of the garbage gets a valid header, so that it reaches the decoder.
          if (index % 2 === 0 && packet.length > 12) writeRtpHeader(packet, false, 111, index, index * 960, 5);
          microphone.receive(packet, index * 10);
          if (index % 2 === 0) microphone.tick(index * 10);
        });
        assert.equal(samples.length, Math.ceil(packets.length / 2) * 320);
      },
    ),
    { numRuns: 200 },
  );
});

test('what is broken or of another type is counted and filled', () => {
  const { microphone, samples } = createMicrophone({ payloadType: 111 });
  microphone.receive(Uint8Array.of(1, 2, 3), 0);
  microphone.receive(packetOf({ ...even(0), payloadType: 100 }), 0);
  for (let tick = 0; tick < 6; tick++) {
    microphone.receive(packetOf(tick === 2 ? { ...even(2), value: 0xff00 } : even(tick)), tick * 20);
    microphone.tick(tick * 20);
  }
  assert.equal(microphone.stats().packetsInvalid, 3);
  assert.equal(samples.length, 6 * 320);
  assert.ok(samples[4 * 320]! < CONCEALED * 0.99);
  assert.equal(samples[5 * 320], 103);
});

test('after seconds of nothing there is silence on the clock', () => {
  const { microphone, samples } = createMicrophone();
  microphone.tick(1_000);
  for (let tick = 0; tick < 10; tick++) {
    microphone.receive(packetOf(even(tick)), 1_020 + tick * 20);
    microphone.tick(1_020 + tick * 20);
  }
  for (let tick = 10; tick < 500; tick++) microphone.tick(1_020 + tick * 20);
  assert.equal(samples.length, 501 * 320);
  assert.ok(samples.slice(-480 * 320).every((sample) => sample === 0));
});

test('a delay that a stall has added is taken back while nobody speaks, without silence by the sender', () => {
  const { microphone } = createMicrophone();
  let delayed = 0;
  for (let tick = 0; tick < 1_000; tick++) {
    const sent = (number: number) =>
      packetOf({ value: tick < 300 ? 5_000 : 5, sequence: number, timestamp: number * 960 });
    if (tick < 100 || tick > 125) microphone.receive(sent(tick), tick * 20);
    if (tick === 125) for (let number = 100; number <= 125; number++) microphone.receive(sent(number), tick * 20);
    microphone.tick(tick * 20);
    if (tick === 290) delayed = microphone.stats().delayMs;
  }
  const { delayMs, packetsLost, packetsLate } = microphone.stats();
  assert.equal(packetsLost + packetsLate, 0);
  assert.ok(delayed > 150 && delayMs < 80, `${delayed} ms, then ${delayMs} ms`);
});

test('a sender that was held up, and whose timestamps do not say so, loses nothing', () => {
  const { microphone, samples } = createMicrophone();
  for (let tick = 0; tick < 400; tick++) {
    if (tick < 100) microphone.receive(packetOf({ ...even(tick), value: 5 }), tick * 20);
    else if (tick >= 125) microphone.receive(packetOf({ ...even(tick - 25), value: 5 }), tick * 20);
    microphone.tick(tick * 20);
  }
  assert.equal(microphone.stats().packetsDiscarded, 0);
  assert.ok(samples.filter((sample) => sample === 5).length >= 365 * 320);
});

test('a new SSRC resets the decoder; a listener that throws costs no frame; closed, it is silent', () => {
  let throws = false;
  let frames = 0;
  const { microphone, resets } = createMicrophone({
    onFrame: () => {
      frames++;
      if (throws) throw new Error('listener');
    },
  });
  for (let tick = 0; tick < 10; tick++) {
    const packet = packetOf(even(tick));
    if (tick >= 5) packet[11] = 6;
    microphone.receive(packet, tick * 20);
    microphone.tick(tick * 20);
  }
  assert.deepEqual(resets, ['decoder']);
  throws = true;
  assert.throws(() => microphone.tick(200), /listener/);
  assert.equal(microphone.samplesEmitted, 11 * 320);
  microphone.close();
  microphone.close();
  microphone.tick(220);
  microphone.receive(packetOf(even(11)), 220);
  assert.equal(frames, 11);
});

test('what the speaker says, the microphone hears, through the real codec', () => {
  const codec = loadOpus();
  const { microphone, samples } = createMicrophone({ codec });
  let nowMs = 0;
  const speaker = new Speaker({
    codec,
    ssrc: 1,
    payloadType: 111,
    send: (packet) => microphone.receive(packet, nowMs),
  });
  const say = (sampleRate: number) => {
    const segment = speaker.openSegment({ sampleRate });
    segment.write(vowel(sampleRate, sampleRate));
    segment.end();
  };
  say(24_000);
  for (let slot = 0; slot < 200; slot++, nowMs += 20) {
    if (slot === 100) say(22_050);
    speaker.send(nowMs);
    microphone.tick(nowMs);
    speaker.prepare(nowMs);
  }
  assert.equal(samples.length, 64_000);
  const voice = energy(vowel(16_000, 16_000));
  const [first, between, second] = [
    energy(samples, 640, 16_640),
    energy(samples, 20_000, 32_000),
    energy(samples, 32_640, 48_640),
  ];
  assert.ok(first > voice * 0.7 && first < voice * 1.4, String(first / voice));
  assert.ok(second > voice * 0.7 && second < voice * 1.4, String(second / voice));
  assert.ok(between < voice / 1_000);
  assert.equal(microphone.stats().packetsLost, 0);
});
