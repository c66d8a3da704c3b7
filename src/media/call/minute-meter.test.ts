import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AppError } from '../../platform/errors.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { MinuteMeter, type MinutesReading } from './minute-meter.ts';
import type { MeterReading } from './ports.ts';

function setUp(beat: (talkedMs: number) => Promise<MeterReading>) {
  const clock = new FakeClock();
  const readings: MinutesReading[] = [];
  const stops: { reason: string; atMs: number }[] = [];
  let talking = true;
  const minutes = new MinuteMeter({
    callId: 'call',
    clock,
    log: createSilentLogger(),
    meter: { beat: (_id, talkedMs) => beat(talkedMs), end: () => Promise.resolve() },
    talkedMs: () => clock.monotonicMs(),
    isTalking: () => talking,
    onReading: (reading) => readings.push(reading),
    onStop: (reason) => stops.push({ reason, atMs: clock.monotonicMs() }),
  });
  const pause = () => {
    talking = false;
    minutes.talkClockChanged();
  };
  const goOn = () => {
    talking = true;
  };
  return { clock, minutes, readings, stops, pause, goOn };
}

/** A balance of so many minutes, held a minute ahead. */
const balance = (minutes: number) => (talkedMs: number) =>
  Promise.resolve({
    heldMs: Math.min(minutes, Math.floor(talkedMs / 60_000) + 2) * 60_000,
    coveredMs: minutes * 60_000,
  });

describe('MinuteMeter', () => {
  it('lets a call talk exactly what the balance covers', async () => {
    const { clock, minutes, stops } = setUp(balance(3));
    minutes.start();
    await clock.advance(200_000);
    assert.deepEqual(stops, [{ reason: 'no_minutes', atMs: 180_000 }]);
  });

  it('warns once at two minutes and once at one', async () => {
    const { clock, minutes, readings } = setUp(balance(4));
    minutes.start();
    await clock.advance(239_000);
    const warnings = readings.filter(({ warnMinutes }) => warnMinutes !== null);
    assert.deepEqual(
      warnings.map(({ warnMinutes }) => warnMinutes),
      [2, 1],
    );
    assert.ok(warnings[0] && warnings[0].leftMs <= 120_000 && warnings[0].leftMs > 110_000);
    minutes.close();
  });

  it('warns of one minute alone when there never were two', async () => {
    const { clock, minutes, readings } = setUp(balance(1));
    minutes.start();
    await clock.advance(30_000);
    assert.deepEqual(
      readings.map(({ warnMinutes }) => warnMinutes).filter((warning) => warning !== null),
      [1],
    );
    minutes.close();
  });

  it('goes on to the end of what is held, and no further, when billing does not answer', async () => {
    let answers = 0;
    const { clock, minutes, stops } = setUp((talkedMs) =>
      answers++ === 0 ? balance(10)(talkedMs) : Promise.reject(new Error('down')),
    );
    minutes.start();
    await clock.advance(300_000);
    assert.deepEqual(stops, [{ reason: 'no_minutes', atMs: 120_000 }]);
  });

  it('stops even when the last ask is never answered', async () => {
    let answers = 0;
    const { clock, minutes, stops } = setUp((talkedMs) =>
      answers++ === 0 ? balance(10)(talkedMs) : new Promise<never>(() => {}),
    );
    minutes.start();
    await clock.advance(300_000);
    assert.deepEqual(stops, [{ reason: 'no_minutes', atMs: 120_000 }]);
  });

  it('stops after the minute that every call holds when billing never answered at all', async () => {
    const { clock, minutes, stops } = setUp(() => Promise.reject(new Error('down')));
    minutes.start();
    await clock.advance(300_000);
    assert.deepEqual(stops, [{ reason: 'no_minutes', atMs: 60_000 }]);
  });

  it('keeps to what is held when billing is away as the media comes back', async () => {
    let answers = 0;
    const { clock, minutes, stops, pause, goOn } = setUp((talkedMs) =>
      answers++ === 0 ? balance(10)(talkedMs) : Promise.reject(new Error('down')),
    );
    minutes.start();
    await clock.advance(10_000);
    pause();
    await clock.advance(20_000);
    goOn();
    minutes.start();
    await clock.advance(300_000);
    assert.deepEqual(stops, [{ reason: 'no_minutes', atMs: 120_000 }]);
  });

  it('lets go of a call that has moved to another node', async () => {
    const { clock, minutes, stops } = setUp(() =>
      Promise.reject(new AppError({ code: 'call_on_other_node', kind: 'conflict', message: 'moved' })),
    );
    minutes.start();
    await clock.advance(1);
    assert.deepEqual(stops, [{ reason: 'moved', atMs: 0 }]);
  });

  it('is extended by minutes that come in during the call', async () => {
    let covered = 1;
    const { clock, minutes, stops } = setUp((talkedMs) => balance(covered)(talkedMs));
    minutes.start();
    await clock.advance(50_000);
    covered = 2;
    await clock.advance(100_000);
    assert.deepEqual(stops, [{ reason: 'no_minutes', atMs: 120_000 }]);
  });

  it('stops a call that was ended elsewhere', async () => {
    const { clock, minutes, stops } = setUp(() =>
      Promise.reject(new AppError({ code: 'call_ended', kind: 'conflict', message: 'ended' })),
    );
    minutes.start();
    await clock.advance(1);
    assert.deepEqual(stops, [{ reason: 'ended_elsewhere', atMs: 0 }]);
  });

  it('does not cut a call whose talk clock stands still', async () => {
    const { clock, minutes, stops, pause } = setUp(() => Promise.resolve({ heldMs: 60_000, coveredMs: 60_000 }));
    minutes.start();
    await clock.advance(10_000);
    pause();
    await clock.advance(600_000);
    assert.deepEqual(stops, []);
    minutes.close();
  });
});
