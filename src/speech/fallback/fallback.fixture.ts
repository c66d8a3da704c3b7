import { Registry } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import { createSilentLogger } from '../../platform/log.ts';
import type { EngineUse } from '../engine.ts';
import { type CircuitSettings, defaultCircuitSettings } from './circuit.ts';
import { CircuitBreakers } from './circuit-breakers.ts';
import { createEngineMetrics } from './engine-metrics.ts';
import { defaultFallbackLimits, type FallbackContext } from './fallback-context.ts';

/** What the engines of a call share, on a clock that the test moves. */
export function createFallbackRig<TestClock extends Clock>(
  clock: TestClock,
  circuits: CircuitSettings = defaultCircuitSettings,
) {
  const log = createSilentLogger();
  const registry = new Registry();
  const metrics = createEngineMetrics(registry);
  const breakers = new CircuitBreakers({ settings: circuits, probeLimitMs: 10_000, clock, log, metrics });
  const uses: EngineUse[] = [];
  const changes: string[] = [];
  const context: FallbackContext = {
    breakers,
    limits: defaultFallbackLimits,
    clock,
    log,
    onUse: (use) => uses.push(use),
    onChange: ({ kind, from, to, code }) => changes.push(`${kind}: ${from} to ${to}, ${code}`),
  };
  return { clock, registry, breakers, uses, changes, context };
}
