import assert from 'node:assert/strict';
import { test } from 'node:test';
import { even, pull, push, run } from './jitter-buffer.fixture.ts';
import { JitterBuffer } from './jitter-buffer.ts';

/** Ten minutes' worth of talk in half seconds; every 20th packet is lost; each comes `phaseMs` after a tick. */
function lossyTalk(buffer: JitterBuffer, copy: boolean, phaseMs: number, ticks = 4_000): string[] {
  const heard: string[] = [];
  let sequence = 0;
  for (let tick = 0; tick < ticks; tick++) {
    heard.push(pull(buffer, 1_000 + tick * 20));
    if (tick % 50 >= 40) continue;
    sequence++;
    if (sequence % 20 === 0) continue;
    push(buffer, { number: tick, sequence, timestamp: tick * 960, copy }, 1_000 + tick * 20 + phaseMs);
  }
  return heard;
}

const counted = (heard: readonly string[], letter: string) => heard.filter((entry) => entry.startsWith(letter)).length;

test('what is lost without a copy in the next packet is concealed', () => {
  const heard = run(new JitterBuffer(), 8, (tick) => (tick === 3 ? [] : [{ ...even(tick), copy: false }]));
  assert.deepEqual(heard, ['s', 's', 'p0', 'p1', 'p2', 'c', 'p4', 'p5']);
});

test('where packets with copies are lost again and again, the next one is waited for, whatever the phase', () => {
  for (let phaseMs = 0; phaseMs < 20; phaseMs++) {
    const buffer = new JitterBuffer();
    lossyTalk(buffer, true, phaseMs);
    const heard = lossyTalk(buffer, true, phaseMs);
    const [recovered, lost] = [counted(heard.slice(1_000), 'r'), 120];
    assert.ok(recovered >= 0.95 * lost, `${recovered} of ${lost} at ${phaseMs} ms`);
    assert.ok(buffer.targetDelayMs <= 45, `${buffer.targetDelayMs} ms`);
  }
});

test('without copies, without loss, and where the decoder has no use for them, nobody waits', () => {
  const withoutCopies = new JitterBuffer();
  lossyTalk(withoutCopies, false, 9);
  assert.equal(withoutCopies.targetDelayMs, 20);
  const useless = new JitterBuffer({ usesCopies: false });
  lossyTalk(useless, true, 9);
  assert.equal(useless.targetDelayMs, 20);
  const healed = new JitterBuffer();
  lossyTalk(healed, true, 9);
  assert.ok(healed.targetDelayMs > 20);
  for (let tick = 4_000; tick < 6_000; tick++) {
    pull(healed, 1_000 + tick * 20);
    push(healed, { number: tick, sequence: tick, timestamp: tick * 960 }, 1_009 + tick * 20);
  }
  assert.equal(healed.targetDelayMs, 20);
});

test('a copy that came too late is played all the same where copies are worth waiting for, and the next one is in time', () => {
  const buffer = new JitterBuffer({ initialMs: 20 });
  // Every tenth is lost, in talk without a pause, and packets come just too late for the copy.
  const heard: string[] = [];
  for (let tick = 0; tick < 200; tick++) {
    heard.push(pull(buffer, 1_000 + tick * 20));
    if (tick % 10 !== 9) push(buffer, even(tick), 1_002 + tick * 20);
  }
  assert.ok(counted(heard.slice(0, 20), 'r') === 0, 'at first there is nothing to be had');
  assert.ok(counted(heard.slice(-100), 'r') >= 9, heard.slice(-100).join(' '));
  assert.ok(counted(heard, 'x') <= 6, heard.join(' '));
});

test('the first packet after a silence is brought back in its place, which is after the silence', () => {
  const buffer = new JitterBuffer();
  // All of it is there before it is wanted; the sender is silent from 4 to 13, and the packet at 13 is lost.
  const ticks = [0, 1, 2, 3, 14, 15];
  const heard: string[] = [];
  for (const tick of ticks) {
    push(buffer, { number: tick, sequence: tick > 3 ? tick - 9 : tick, timestamp: tick * 960 }, 1_000 + tick);
  }
  for (let tick = 0; tick < 16; tick++) heard.push(pull(buffer, 1_000 + tick * 20));
  const from = heard.indexOf('p3') + 1;
  assert.equal(heard.slice(from).indexOf('r14') > 0, true, heard.join(' '));
  assert.ok(heard.slice(from, heard.indexOf('r14')).every((entry) => entry.startsWith('s')));
  assert.equal(heard[heard.indexOf('r14') + 1], 'p14');
  assert.equal(buffer.stats.lost, 1);
});
