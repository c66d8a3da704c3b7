import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import { EngineError } from '../engine.ts';
import { advanceCircuit, type Circuit, type CircuitEvent, closedCircuit, defaultCircuitSettings } from './circuit.ts';
import { createFallbackRig } from './fallback.fixture.ts';

const settings = defaultCircuitSettings;

function after(...events: readonly CircuitEvent[]): Circuit {
  let circuit = closedCircuit;
  for (const event of events) circuit = advanceCircuit(circuit, event, settings);
  return circuit;
}

const fails = (atMs: number, lasting = false): CircuitEvent => ({ type: 'failed', lasting, atMs });

describe('the circuit breaker', () => {
  it('opens after failures in a row, not after as many with successes between', () => {
    assert.equal(after(fails(0), fails(1)).status, 'closed');
    assert.deepEqual(after(fails(0), fails(1), fails(2)), { status: 'open', untilMs: 5_002, openings: 1 });
    assert.equal(after(fails(0), fails(1), { type: 'succeeded', atMs: 2 }, fails(3), fails(4)).status, 'closed');
  });

  it('opens at once for what another attempt does not mend', () => {
    assert.equal(after(fails(0, true)).status, 'open');
  });

  it('waits as long as the engine asks for, within its own bound', () => {
    const asked = (retryAfterMs: number): Circuit =>
      after({ ...fails(0), type: 'failed', lasting: false, retryAfterMs });
    assert.equal(asked(200).status, 'closed');
    assert.deepEqual(asked(20_000), { status: 'open', untilMs: 20_000, openings: 1 });
    assert.deepEqual(asked(3_600_000), { status: 'open', untilMs: settings.longestPauseMs, openings: 1 });
  });

  it('is probed when its pause is over, not before, and waits twice as long after each failed probe', () => {
    const open = [fails(0, true)];
    assert.equal(after(...open, { type: 'time_passed', atMs: 4_999 }).status, 'open');
    assert.equal(after(...open, { type: 'time_passed', atMs: 5_000 }).status, 'probing');
    const again = after(...open, { type: 'time_passed', atMs: 5_000 }, fails(6_000));
    assert.deepEqual(again, { status: 'open', untilMs: 16_000, openings: 2 });
    let circuit = after(...open);
    for (let openings = 1; openings < 20; openings += 1) {
      assert.ok(circuit.status === 'open');
      circuit = advanceCircuit(circuit, { type: 'time_passed', atMs: circuit.untilMs }, settings);
      circuit = advanceCircuit(circuit, fails(0), settings);
    }
    assert.ok(circuit.status === 'open' && circuit.untilMs === settings.longestPauseMs);
  });

  it('closes with a success, and takes a late failure of an old call for nothing new', () => {
    const open = after(fails(0, true));
    assert.equal(advanceCircuit(open, fails(100, true), settings), open);
    const probing = advanceCircuit(open, { type: 'time_passed', atMs: 5_000 }, settings);
    assert.deepEqual(advanceCircuit(probing, { type: 'succeeded', atMs: 5_100 }, settings), closedCircuit);
  });
});

describe('the breakers of a process', () => {
  const one = { name: 'one' };
  const well = () => () => Promise.resolve();
  const down = new EngineError({ engine: 'one', code: 'engine_unavailable', message: 'down', retryable: false });

  it('probe in the background until the engine works, and tell Prometheus', async () => {
    const { clock, breakers, registry } = createFallbackRig(new FakeClock());
    let works = false;
    let probes = 0;
    const probe = async () => {
      probes += 1;
      if (!works) throw down;
    };
    const breaker = breakers.of('stt', one, () => probe);
    assert.equal(
      breakers.of('stt', one, () => probe),
      breaker,
    );
    breaker.failed(down);
    assert.equal(breaker.closed, false);
    await clock.advance(5_000);
    assert.deepEqual([probes, breaker.closed], [1, false]);
    works = true;
    await clock.advance(9_999);
    assert.equal(probes, 1);
    await clock.advance(1);
    assert.deepEqual([probes, breaker.closed], [2, true]);
    const told = await registry.metrics();
    assert.match(told, /ailingva_engine_breaker\{kind="stt",engine="one"\} 0/);
    assert.match(told, /engine_failures_total\{kind="stt",engine="one",code="engine_unavailable"\} 2/);
    breakers.close();
  });

  it('leave an engine alone at once whose quota is spent, though another one may serve', async () => {
    const { breakers } = createFallbackRig(new FakeClock());
    const breaker = breakers.of('tutor', one, well);
    const options = { engine: 'one', message: 'spent', retryable: true };
    breaker.failed(new EngineError({ ...options, code: 'engine_unavailable' }));
    assert.equal(breaker.closed, true);
    breaker.failed(new EngineError({ ...options, code: 'engine_quota_exceeded' }));
    assert.equal(breaker.closed, false);
    breakers.close();
  });

  it('leave no engine alone for one text that it refuses, but for a row of them', async () => {
    const { breakers } = createFallbackRig(new FakeClock());
    const breaker = breakers.of('tts', one, well);
    const options = { engine: 'one', code: 'engine_rejected', message: 'refused', retryable: false } as const;
    const refused = new EngineError({ ...options, aboutRequest: true });
    breaker.failed(refused);
    assert.equal(breaker.closed, true);
    breaker.failed(refused);
    breaker.failed(refused);
    assert.equal(breaker.closed, false);
    const other = breakers.of('tts', { name: 'two' }, well);
    other.failed(new EngineError(options));
    assert.equal(other.closed, false, 'a key is refused to all');
    breakers.close();
  });

  it('try an engine at once whose model was set anew, whatever is known of the one before', async () => {
    const { clock, breakers, registry } = createFallbackRig(new FakeClock());
    let probes = 0;
    const before = breakers.of('s2s', one, () => () => Promise.reject(((probes += 1), down)));
    before.failed(down);
    await clock.advance(5_000);
    const renewed = breakers.of('s2s', { name: 'one' }, well);
    assert.deepEqual([probes, before.closed, renewed.closed], [1, false, true]);
    await clock.advance(1_000_000);
    before.failed(down);
    assert.deepEqual(
      [probes, before.closed, renewed.closed],
      [1, false, true],
      'calls that have the old one keep to it',
    );
    const again = breakers.of('s2s', { name: 'one' }, well);
    renewed.failed(down);
    assert.deepEqual([renewed.closed, again.closed], [false, true], 'and leave it alone when it fails');
    assert.match(await registry.metrics(), /ailingva_engine_breaker\{kind="s2s",engine="one"\} 0/);
    breakers.close();
  });

  it('take a probe that hangs for a failed one, and end with the process', async () => {
    const { clock, breakers } = createFallbackRig(new FakeClock());
    const signals: AbortSignal[] = [];
    const breaker = breakers.of('tts', one, () => (signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    breaker.failed(down);
    await clock.advance(5_000);
    await clock.advance(10_000);
    assert.deepEqual([signals.length, signals[0]?.aborted, breaker.closed], [1, true, false]);
    await clock.advance(10_000);
    breakers.close();
    breakers.close();
    assert.equal(signals[1]?.aborted, true);
    await clock.advance(1_000_000);
    assert.equal(signals.length, 2);
  });
});
