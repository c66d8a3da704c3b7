import { collectDefaultMetrics, Registry } from 'prom-client';

export type Metrics = Registry;

/** One registry a process; rooms add their own metrics to it (`new Histogram({registers: [metrics]})`). */
export function createMetrics(processName: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ process: processName });
  collectDefaultMetrics({ register: registry });
  return registry;
}
