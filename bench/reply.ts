import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { defaultTurnSettings } from '../src/media/call/turn-settings.ts';
import { percentile } from './calls/percentiles.ts';
import { formatTable, round, type Row } from './calls/report.ts';
import { run, type RunFigures } from './reply/run.ts';

/**
 * `./ailingva bench reply`: how fast the product answers and how fast it falls silent, with engines that need no time of
 * their own, on a real media node with real WebRTC callers over loopback.
 *
 * A reply's share of the product is the time from the last packet of speech in to the first packet of the reply out, less the
 * delay that turn-taking waits on purpose. The callers end their speech in mid-voice, so that its end is known to 20 ms.
 */

const USAGE = 'Usage: ./ailingva bench reply [--calls N] [--seconds S]';
const { minEndpointDelayMs } = defaultTurnSettings;
const THINK_MS = 300;

function readOptions(): { readonly calls: number; readonly seconds: number } | undefined {
  try {
    const { values } = parseArgs({
      options: { calls: { type: 'string', default: '40' }, seconds: { type: 'string', default: '25' } },
    });
    const [calls, seconds] = [Number(values.calls), Number(values.seconds)];
    return Number.isInteger(calls) && calls > 0 && calls <= 500 && seconds > 0 ? { calls, seconds } : undefined;
  } catch {
    return undefined;
  }
}

const say = (text: string) => process.stderr.write(`${text}\n`);

/** The product's share of each reply. */
function sharesMs({ media }: RunFigures): readonly number[] {
  return media.turnaroundsMs.map((ms) => ms - minEndpointDelayMs);
}

function missing(runs: readonly RunFigures[]): number {
  return runs.flatMap(({ callers }) => callers).reduce((sum, one) => sum + one.missing + one.failures.length, 0);
}

async function main(options: { readonly calls: number; readonly seconds: number }): Promise<void> {
  const { calls, seconds } = options;
  const [loadBefore = 0] = loadavg();
  const atOnce = { thinkMs: 0, answerMs: 300, guesses: true, manner: 'polite', seconds } as const;
  say('One call');
  const one = await run({ ...atOnce, calls: 1, seconds: 2 * seconds });
  say(`${calls} calls`);
  const many = await run({ ...atOnce, calls });
  say('Interruptions');
  const over = await run({ ...atOnce, answerMs: 8_000, calls: 10, manner: 'over' });
  say(`A tutor that thinks for ${THINK_MS} ms, with guesses and without`);
  const guessing = await run({ ...atOnce, thinkMs: THINK_MS, calls: 4 });
  const waiting = await run({ ...atOnce, thinkMs: THINK_MS, calls: 4, guesses: false });

  const p = (values: readonly number[], share: number) => percentile(values, share);
  const runs = [one, many, over, guessing, waiting];
  const figures = {
    share_ms_p50_1_call: p(sharesMs(one), 0.5),
    share_ms_p99_1_call: p(sharesMs(one), 0.99),
    [`share_ms_p50_${calls}_calls`]: p(sharesMs(many), 0.5),
    [`share_ms_p99_${calls}_calls`]: p(sharesMs(many), 0.99),
    caller_wait_ms_p50_1_call: p(
      one.callers.flatMap(({ waitsMs }) => waitsMs),
      0.5,
    ),
    [`caller_wait_ms_p99_${calls}_calls`]: p(
      many.callers.flatMap(({ waitsMs }) => waitsMs),
      0.99,
    ),
    stop_ms_p50: p(over.media.stopsMs, 0.5),
    stop_ms_p99: p(over.media.stopsMs, 0.99),
    caller_voice_to_silence_ms_p50: p(
      over.callers.flatMap(({ waitsMs }) => waitsMs),
      0.5,
    ),
    caller_voice_to_silence_ms_p99: p(
      over.callers.flatMap(({ waitsMs }) => waitsMs),
      0.99,
    ),
    thinking_turnaround_ms_p50_with_guesses: p(guessing.media.turnaroundsMs, 0.5),
    thinking_turnaround_ms_p50_without: p(waiting.media.turnaroundsMs, 0.5),
    guesses_save_ms_p50: p(waiting.media.turnaroundsMs, 0.5) - p(guessing.media.turnaroundsMs, 0.5),
    guesses_used: guessing.media.guessesUsed,
    guesses_dropped: guessing.media.guessesDropped,
    replies_1_call: one.media.turnaroundsMs.length,
    [`replies_${calls}_calls`]: many.media.turnaroundsMs.length,
    interruptions: over.media.stopsMs.length,
    replies_missing: missing(runs),
    // The noise of a shared machine: beside these, latencies of less mean nothing.
    core_wait_ms_per_second_1_call: one.coreWaitMsPerSecond,
    [`core_wait_ms_per_second_${calls}_calls`]: many.coreWaitMsPerSecond,
  };
  const row = (name: string, key: string, unit = 'ms', limits: Partial<Row> = {}): Row => ({
    name,
    value: figures[key as keyof typeof figures] ?? Number.NaN,
    unit,
    ...limits,
  });
  const rows: readonly Row[] = [
    row("The product's share, 1 call, p50", 'share_ms_p50_1_call', 'ms', { atMost: 25 }),
    row("The product's share, 1 call, p99", 'share_ms_p99_1_call', 'ms', { atMost: 60 }),
    row(`The product's share, ${calls} calls, p50`, `share_ms_p50_${calls}_calls`, 'ms', { atMost: 25 }),
    row(`The product's share, ${calls} calls, p99`, `share_ms_p99_${calls}_calls`, 'ms', { atMost: 60 }),
    row('The whole wait, at the caller, 1 call, p50', 'caller_wait_ms_p50_1_call'),
    row(`The whole wait, at the callers, ${calls} calls, p99`, `caller_wait_ms_p99_${calls}_calls`),
    row('Last packet after the decision to be silent, p50', 'stop_ms_p50'),
    row('Last packet after the decision to be silent, p99', 'stop_ms_p99', 'ms', { atMost: 40 }),
    row("From the learner's first sound to the tutor's last, p50", 'caller_voice_to_silence_ms_p50'),
    row("From the learner's first sound to the tutor's last, p99", 'caller_voice_to_silence_ms_p99'),
    row(`A tutor that thinks for ${THINK_MS} ms, with guesses, p50`, 'thinking_turnaround_ms_p50_with_guesses'),
    row(`A tutor that thinks for ${THINK_MS} ms, without, p50`, 'thinking_turnaround_ms_p50_without'),
    row('Guesses save, p50', 'guesses_save_ms_p50', 'ms', { atLeast: 250 }),
    row('Media process waits for a core, 1 call', 'core_wait_ms_per_second_1_call', 'ms a second'),
    row(`Media process waits for a core, ${calls} calls`, `core_wait_ms_per_second_${calls}_calls`, 'ms a second'),
    row(
      'Replies that did not come, calls that failed',
      'replies_missing',
      `of ${one.media.turnaroundsMs.length + many.media.turnaroundsMs.length}`,
      { atMost: 0 },
    ),
  ];
  const cores = cpus().length;
  const { codec } = one;
  process.stdout.write(
    `\n${cores} cores (load before: ${loadBefore.toFixed(1)}), ${codec}\n\n${formatTable(rows)}\n\n`,
  );
  for (const failure of new Set(runs.flatMap(({ callers }) => callers.flatMap(({ failures }) => failures)))) {
    process.stdout.write(`A call failed: ${failure}\n`);
  }
  const rounded = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value)]));
  process.stdout.write(`${JSON.stringify({ bench: 'reply', codec, cores, load_before: loadBefore, ...rounded })}\n`);
}

// Lets what belongs to this process be taken down with it.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const options = readOptions();
if (options) await main(options);
else {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
}
