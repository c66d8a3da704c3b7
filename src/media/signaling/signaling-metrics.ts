import { Counter, Gauge, Histogram } from 'prom-client';
import type { Metrics } from '../../platform/metrics.ts';

export interface SignalingMetrics {
  readonly connections: Gauge;
  readonly refusedConnections: Counter<'code'>;
  readonly requests: Counter<'request' | 'code'>;
  readonly requestSeconds: Histogram<'request'>;
}

export function createSignalingMetrics(metrics: Metrics): SignalingMetrics {
  const registers = [metrics];
  return {
    connections: new Gauge({
      name: 'ailingva_signaling_connections',
      help: 'Pages that are connected.',
      registers,
    }),
    refusedConnections: new Counter({
      name: 'ailingva_signaling_refused_connections_total',
      help: 'Connections that were refused or ended by us, by the reason.',
      labelNames: ['code'],
      registers,
    }),
    requests: new Counter({
      name: 'ailingva_signaling_requests_total',
      help: 'Requests of pages, by name ("unknown" when it is none) and by the code of the answer ("ok" when done).',
      labelNames: ['request', 'code'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'ailingva_signaling_request_seconds',
      help: 'Time from a request to its answer.',
      labelNames: ['request'],
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
      registers,
    }),
  };
}
