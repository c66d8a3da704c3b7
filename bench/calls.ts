import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { sumOfEnds } from './calls/call-ends.ts';
import { boundOfShare, bucketsBetween, valueOf } from './calls/metrics-text.ts';
import { percentile, sum } from './calls/percentiles.ts';
import { formatTable, round, type Row } from './calls/report.ts';
import { runCalls, type RunResult } from './calls/run.ts';

/**
 * `./ailingva bench calls --calls 60 --seconds 60`: so many real WebRTC callers talk with the product, whose engines here
 * cost nothing, and about half of them hear the tutor at any time. Loopback only.
 *
 * The callers run on the same cores as what they measure. So there are two views of the outgoing packets: the pacer's own
 * (how late the media process sent) and the callers' (with the worker, the network stack and their own decryption in it).
 */

const USAGE = `Usage: ./ailingva bench calls [--calls N] [--seconds S] [--caller-processes P] [--concurrency C]
                              [--voice-rate HZ] [--answer-ms MS]`;

class UsageError extends Error {}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} must be a whole number from ${least} to ${most}`);
}

/** @throws UsageError. */
function readOptions() {
  const { values } = parse();
  const calls = wholeNumber('calls', values.calls, 1, 2_000);
  const processes = values['caller-processes'] ?? String(Math.ceil(calls / 30));
  return {
    calls,
    seconds: wholeNumber('seconds', values.seconds, 1, 3_600),
    callerProcesses: wholeNumber('caller-processes', processes, 1, 64),
    concurrency: wholeNumber('concurrency', values.concurrency, 1, 64),
    sampleRate: wholeNumber('voice-rate', values['voice-rate'], 8_000, 48_000),
    answerMs: wholeNumber('answer-ms', values['answer-ms'], 500, 60_000),
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        calls: { type: 'string', default: '20' },
        seconds: { type: 'string', default: '20' },
        'caller-processes': { type: 'string' },
        concurrency: { type: 'string', default: '1' },
        'voice-rate': { type: 'string', default: '22050' },
        'answer-ms': { type: 'string', default: '7000' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

type Options = ReturnType<typeof readOptions>;

/** The figures, by the names of the JSON line. */
function summarize(result: RunResult, options: Options) {
  const { ready, measured, metricsAtBegin, metricsAtEnd, charged } = result;
  const { idle, begin, end } = result.usage;
  const calls = sum(ready.map(({ firstPacketMs }) => firstPacketMs.length));
  const seconds = (end.atMs - begin.atMs) / 1_000;
  const percentPerCall = (cpuS: number) => (100 * cpuS) / seconds / calls;
  const mediaCpu = percentPerCall(end.mediaCpuS - begin.mediaCpuS);
  const workerCpu = percentPerCall(end.workerCpuS - begin.workerCpuS);
  const lateness = bucketsBetween(metricsAtBegin, metricsAtEnd, 'media_pacer_lateness_seconds');
  const distances = measured.flatMap(({ gridDistancesMs }) => gridDistancesMs);
  const received = sum(measured.map(({ packetsReceived }) => packetsReceived));
  const firstPacketMs = ready.flatMap((callers) => callers.firstPacketMs);
  const ends = sumOfEnds(result.callEnds);
  const between = (name: string) => valueOf(metricsAtEnd, name) - valueOf(metricsAtBegin, name);
  return {
    calls,
    calls_failed: ready.flatMap(({ failures }) => failures).length,
    calls_not_ended: calls - sum(result.done.map(({ ended }) => ended)),
    media_cpu_percent_per_call: mediaCpu,
    worker_cpu_percent_per_call: workerCpu,
    cpu_percent_per_call: mediaCpu + workerCpu,
    media_rss_mib_per_call: (end.mediaRssMib - idle.mediaRssMib) / calls,
    worker_rss_mib_per_call: (end.workerRssMib - idle.workerRssMib) / calls,
    rss_mib_per_call: (end.mediaRssMib - idle.mediaRssMib + end.workerRssMib - idle.workerRssMib) / calls,
    sender_late_ms_p50_at_most: 1_000 * boundOfShare(lateness, 0.5),
    sender_late_ms_p99_at_most: 1_000 * boundOfShare(lateness, 0.99),
    sender_late_ms_max_at_most: 1_000 * boundOfShare(lateness, 1),
    sender_skipped_slots: between('media_pacer_skipped_slots_total'),
    receiver_grid_ms_p50: percentile(distances, 0.5),
    receiver_grid_ms_p99: percentile(distances, 0.99),
    receiver_grid_ms_max: percentile(distances, 1),
    packets_lost_to_callers: sum(measured.map(({ packetsLost }) => packetsLost)),
    packets_lost_from_callers: ends.packetsLost,
    packets_late_from_callers: ends.packetsLate,
    frames_recovered: ends.framesRecovered,
    frames_concealed: ends.framesConcealed,
    frames_heard: ends.framesEmitted,
    speaker_underruns: ends.underruns,
    // Of each second, what the scheduler kept the media process' main thread waiting: the noise of a shared machine.
    media_core_wait_ms_per_second: (1_000 * (end.mediaCoreWaitS - begin.mediaCoreWaitS)) / seconds,
    // The timer that measures has a period of 10 ms, and what it shows holds that period.
    media_loop_delay_ms_p99: 1_000 * valueOf(metricsAtEnd, 'nodejs_eventloop_lag_p99_seconds') - 10,
    caller_loop_delay_ms_p99: Math.max(...measured.map(({ loopDelayP99Ms }) => loopDelayP99Ms)),
    calls_set_up_per_second: calls / result.setUpSeconds,
    join_to_first_packet_ms_p50: percentile(firstPacketMs, 0.5),
    join_to_first_packet_ms_p95: percentile(firstPacketMs, 0.95),
    join_to_connected_ms_p50: percentile(
      ready.flatMap(({ connectedMs }) => connectedMs),
      0.5,
    ),
    hearing_percent: (100 * received * 0.02) / seconds / calls,
    packets_from_callers: sum(measured.map(({ packetsSent }) => packetsSent)),
    answers: sum(measured.map(({ answered }) => answered)),
    answers_missing: sum(measured.map(({ unanswered }) => unanswered)),
    calls_charged: charged.calls,
    books_in_disagreement: charged.violations,
    seconds: options.seconds,
    voice_rate_hz: options.sampleRate,
  };
}

function rowsOf(figures: ReturnType<typeof summarize>): readonly Row[] {
  return [
    { name: 'CPU a call, media process', value: figures.media_cpu_percent_per_call, unit: '% of a core' },
    { name: 'CPU a call, worker', value: figures.worker_cpu_percent_per_call, unit: '% of a core' },
    { name: 'CPU a call, both', value: figures.cpu_percent_per_call, unit: '% of a core', atMost: 1.2 },
    { name: 'RSS a call, media process', value: figures.media_rss_mib_per_call, unit: 'MiB' },
    { name: 'RSS a call, worker', value: figures.worker_rss_mib_per_call, unit: 'MiB' },
    { name: 'RSS a call, both', value: figures.rss_mib_per_call, unit: 'MiB', atMost: 3 },
    { name: 'Sent late, by the sender, p50 at most', value: figures.sender_late_ms_p50_at_most, unit: 'ms' },
    { name: 'Sent late, by the sender, p99 at most', value: figures.sender_late_ms_p99_at_most, unit: 'ms', atMost: 5 },
    { name: 'Sent late, by the sender, max at most', value: figures.sender_late_ms_max_at_most, unit: 'ms' },
    { name: 'Slots given up by the sender', value: figures.sender_skipped_slots, unit: '', atMost: 0 },
    { name: 'Off the grid, at the callers, p50', value: figures.receiver_grid_ms_p50, unit: 'ms' },
    { name: 'Off the grid, at the callers, p99', value: figures.receiver_grid_ms_p99, unit: 'ms' },
    { name: 'Off the grid, at the callers, max', value: figures.receiver_grid_ms_max, unit: 'ms' },
    { name: 'Packets lost to the callers', value: figures.packets_lost_to_callers, unit: '', atMost: 0 },
    { name: 'Packets lost from the callers', value: figures.packets_lost_from_callers, unit: '', atMost: 0 },
    { name: 'Frames concealed', value: figures.frames_concealed, unit: `of ${figures.frames_heard}` },
    { name: 'Frames recovered', value: figures.frames_recovered, unit: '' },
    { name: 'Event loop delay, media process, p99', value: figures.media_loop_delay_ms_p99, unit: 'ms' },
    { name: 'Event loop delay, callers, p99', value: figures.caller_loop_delay_ms_p99, unit: 'ms' },
    { name: 'Media process waits for a core', value: figures.media_core_wait_ms_per_second, unit: 'ms a second' },
    { name: 'Calls set up a second', value: figures.calls_set_up_per_second, unit: '' },
    {
      name: "Join to the tutor's first packet, p50",
      value: figures.join_to_first_packet_ms_p50,
      unit: 'ms',
      atMost: 400,
    },
    { name: "Join to the tutor's first packet, p95", value: figures.join_to_first_packet_ms_p95, unit: 'ms' },
    { name: 'Callers that hear the tutor at a time', value: figures.hearing_percent, unit: '%' },
    {
      name: 'Answers that did not come',
      value: figures.answers_missing,
      unit: `of ${figures.answers + figures.answers_missing}`,
    },
    {
      name: 'Calls that failed or did not end',
      value: figures.calls_failed + figures.calls_not_ended,
      unit: '',
      atMost: 0,
    },
    { name: 'Books that do not agree', value: figures.books_in_disagreement, unit: '', atMost: 0 },
  ];
}

async function main(): Promise<void> {
  const options = readOptions();
  const [loadBefore = 0] = loadavg();
  const result = await runCalls({ ...options, say: (text) => process.stderr.write(`${text}\n`) });
  const figures = summarize(result, options);
  const cores = cpus().length;
  process.stdout.write(
    `\n${figures.calls} calls, ${cores} cores (load before: ${loadBefore.toFixed(1)}), ${result.codec}\n\n${formatTable(rowsOf(figures))}\n\n`,
  );
  const failures = new Set(result.ready.flatMap((callers) => callers.failures));
  for (const failure of failures) process.stdout.write(`A call failed: ${failure}\n`);
  const rounded = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value)]));
  process.stdout.write(
    `${JSON.stringify({ bench: 'calls', codec: result.codec, cores, load_before: loadBefore, ...rounded })}\n`,
  );
  if (figures.calls_failed + figures.calls_not_ended > 0) process.exitCode = 1;
}

// Lets what belongs to this process be taken down with it.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
