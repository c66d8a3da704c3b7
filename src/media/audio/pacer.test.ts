import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../testing/properties.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { Pacer, type PacedCall, type PacerOptions } from './pacer.ts';

/** Time that stands still until it is moved. Timers fire as late as `latenessMs` says. */
class FakeClock implements Clock {
  nowMs = 12_345.678;
  readonly #timers = new Set<{ atMs: number; task: () => void }>();

  now = () => new Date(this.nowMs);
  monotonicMs = () => this.nowMs;

  after(delayMs: number, task: () => void): Timer {
    const timer = { atMs: this.nowMs + delayMs, task };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  get waiting(): number {
    return this.#timers.size;
  }

  /** Goes to the next timer and `latenessMs` beyond, and fires it. */
  step(latenessMs = 0): void {
    const next = [...this.#timers].toSorted((a, b) => a.atMs - b.atMs)[0];
    assert.ok(next, 'no timer waits');
    this.#timers.delete(next);
    this.nowMs = Math.max(this.nowMs, next.atMs) + latenessMs;
    next.task();
  }

  run(durationMs: number): void {
    const end = this.nowMs + durationMs;
    for (;;) {
      const next = [...this.#timers].toSorted((a, b) => a.atMs - b.atMs)[0];
      if (!next || next.atMs > end) break;
      this.step();
    }
    this.nowMs = end;
  }
}

function createPacer(options: Partial<PacerOptions> = {}) {
  const clock = new FakeClock();
  return { clock, pacer: new Pacer({ clock, log: createSilentLogger(), ...options }) };
}

const recorder = (log: string[], name: string): PacedCall => ({
  send: () => log.push(`${name}.send`),
  hear: () => log.push(`${name}.hear`),
  prepare: () => log.push(`${name}.prepare`),
});

/** Adds a call, and tells in which slots it sent and heard. */
function slotTimes(pacer: Pacer) {
  const sent: number[] = [];
  const heard: number[] = [];
  pacer.add({ send: (slotMs) => sent.push(slotMs), hear: (slotMs) => heard.push(slotMs), prepare: () => {} });
  return { sent, heard };
}

/** The order of one slot with these calls. */
const slotOf = (...names: string[]) => [
  ...names.map((name) => `${name}.send`),
  ...names.map((name) => `${name}.hear`),
  'voices',
  ...names.map((name) => `${name}.prepare`),
];

test('in a slot all send, then all hear, then voices are detected, then all prepare', () => {
  const log: string[] = [];
  const { clock, pacer } = createPacer({ afterHearing: () => log.push('voices') });
  // Phase by phase: a, b, c, d; e shares a's.
  for (const name of ['a', 'b', 'c', 'd', 'e']) pacer.add(recorder(log, name));
  clock.run(19);
  assert.deepEqual(log, [...slotOf('a', 'e'), ...slotOf('b'), ...slotOf('c'), ...slotOf('d')]);
});

test('calls are spread evenly over the phases, which lie 5 ms apart', () => {
  const { clock, pacer } = createPacer();
  const removers = Array.from({ length: 10 }, () => pacer.add(recorder([], '')));
  assert.deepEqual(pacer.load, [3, 3, 2, 2]);
  removers[0]!();
  removers[0]!();
  removers[4]!();
  assert.deepEqual(pacer.load, [1, 3, 2, 2]);
  const first = slotTimes(pacer);
  assert.deepEqual(pacer.load, [2, 3, 2, 2]);
  slotTimes(pacer);
  const third = slotTimes(pacer);
  assert.deepEqual(pacer.load, [3, 3, 3, 2]);
  clock.run(100);
  assert.ok(Math.abs(third.sent[0]! - first.sent[0]! - 10) < 1e-6);
});

test('the grid is exact for hours, however late the timers are', () => {
  const { clock, pacer } = createPacer();
  const { sent: slots } = slotTimes(pacer);
  for (let tick = 0; tick < 20_000; tick++) clock.step((tick % 7) * 0.9);
  slots.forEach((slotMs, index) => {
    if (index > 0) assert.ok(Math.abs(slotMs - slots[index - 1]! - 20) < 1e-6);
  });
  assert.ok(clock.nowMs - slots.at(-1)! < 20);
});

test('after a stall the network is let in, then all is heard, and sent in the last slots only', async () => {
  const metrics = createMetrics('test');
  const { clock, pacer } = createPacer({ metrics, maxCatchUpSlots: 5 });
  const { sent, heard } = slotTimes(pacer);
  clock.run(100);
  for (const [stallMs, sends, hears] of [
    [70, 4, 4],
    [300, 5, 16],
    [5_000, 5, 50],
  ] as const) {
    const before = [sent.length, heard.length];
    clock.step(stallMs);
    assert.deepEqual([sent.length, heard.length], before);
    clock.step();
    assert.deepEqual([sent.length - before[0]!, heard.length - before[1]!], [sends, hears]);
    assert.ok(clock.nowMs - sent.at(-1)! < 20);
    assert.equal(sent.at(-1), heard.at(-1));
    clock.step();
    assert.equal(sent.length - before[0]!, sends + 1);
  }
  assert.match(await metrics.metrics(), /media_pacer_skipped_slots_total\{process="test"\} 257/);
});

test('under any stalls: never a burst beyond the bound, always on the grid, never ahead of time, all is heard', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(3), fc.nat(60), fc.nat(900)), { maxLength: 200 }), (stalls) => {
      const { clock, pacer } = createPacer({ maxCatchUpSlots: 3 });
      const { sent, heard } = slotTimes(pacer);
      const origin = clock.nowMs;
      for (const stall of stalls) {
        const before = sent.length;
        clock.step(stall);
        if (stall >= 20) clock.step();
        assert.ok(sent.length - before <= 3);
        for (const slotMs of sent.slice(before)) {
          const places = (slotMs - origin) / 20;
          assert.ok(Math.abs(places - Math.round(places)) < 1e-6);
          assert.ok(slotMs <= clock.nowMs + 0.5);
        }
        assert.ok(clock.nowMs - sent.at(-1)! < 20);
      }
      heard.forEach((slotMs, index) => {
        if (index > 0) assert.ok(Math.abs(slotMs - heard[index - 1]! - 20) < 1e-6);
      });
    }),
  );
});

test('a call that throws, leaves, or brings another in its slot disturbs nobody', () => {
  const log: string[] = [];
  const { clock, pacer } = createPacer({
    afterHearing: () => {
      throw new Error('voices');
    },
  });
  const broken: PacedCall = {
    send() {
      throw new Error('send');
    },
    hear() {},
    prepare() {},
  };
  const remove = pacer.add({
    send: () => remove(),
    hear: () => log.push('never'),
    prepare: () => log.push('never'),
  });
  for (let index = 0; index < 3; index++) pacer.add(broken);
  pacer.add({ send: () => pacer.add(recorder(log, 'new')), hear: () => log.push('hear'), prepare: () => {} });
  clock.run(19);
  assert.deepEqual(log.slice(0, 1), ['hear']);
  assert.ok(!log.includes('never'));
});

test('without calls nothing ticks; closed, nothing ever does', () => {
  const { clock, pacer } = createPacer();
  assert.equal(clock.waiting, 0);
  const remove = pacer.add(recorder([], ''));
  assert.equal(clock.waiting, 1);
  remove();
  assert.equal(clock.waiting, 0);
  pacer.close();
  pacer.close();
  pacer.add(recorder([], ''));
  assert.equal(clock.waiting, 0);
});
