import { Counter, Gauge } from 'prom-client';
import type { Metrics } from '../../platform/metrics.ts';
import type { TapStats } from './tap.ts';

export interface SfuMetrics {
  readonly workers: Gauge;
  readonly callers: Gauge;
  readonly callersOpened: Counter;
  readonly workerDeaths: Counter;
}

/** @param packets the sums of all callers so far; asked when the metrics are read, so that packets cost nothing. */
export function createSfuMetrics(metrics: Metrics, packets: () => TapStats): SfuMetrics {
  const registers = [metrics];
  const countPackets = (name: string, help: string, read: (stats: TapStats) => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read(packets()));
      },
    });
  countPackets('ailingva_sfu_packets_heard_total', 'RTP packets from callers.', ({ packetsHeard }) => packetsHeard);
  countPackets('ailingva_sfu_packets_sent_total', 'RTP packets to callers.', ({ packetsSent }) => packetsSent);
  countPackets(
    'ailingva_sfu_packets_unsent_total',
    'RTP packets to callers that were gone.',
    ({ packetsUnsent }) => packetsUnsent,
  );
  return {
    workers: new Gauge({ name: 'ailingva_sfu_workers', help: 'Media workers that run.', registers }),
    callers: new Gauge({
      name: 'ailingva_sfu_callers',
      help: 'Callers that are open in the media workers.',
      registers,
    }),
    callersOpened: new Counter({
      name: 'ailingva_sfu_callers_opened_total',
      help: 'Callers that have been opened.',
      registers,
    }),
    workerDeaths: new Counter({
      name: 'ailingva_sfu_worker_deaths_total',
      help: 'Media workers that ended without having been asked to.',
      registers,
    }),
  };
}
