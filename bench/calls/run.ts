import { setTimeout as sleep } from 'node:timers/promises';
import { type CallEnd, parseCallEnd } from './call-ends.ts';
import { Child } from './child.ts';
import type { CallersDone, CallersMeasured, CallersReady, FromCallers, MediaReady } from './messages.ts';
import { parseMetrics, type Sample } from './metrics-text.ts';
import { childrenNamed, cpuSeconds, rssMebibytes } from './process-usage.ts';

export interface RunOptions {
  readonly calls: number;
  readonly seconds: number;
  /** How many processes the callers are spread over. */
  readonly callerProcesses: number;
  /** Calls being set up at the same time, in each of these processes. */
  readonly concurrency: number;
  /** Hz of the tutor's voice. */
  readonly sampleRate: number;
  /** How long each of the tutor's answers is. */
  readonly answerMs: number;
  readonly say: (text: string) => void;
}

/** What one process, or two together, used at a moment. */
interface Usage {
  readonly atMs: number;
  readonly mediaCpuS: number;
  readonly workerCpuS: number;
  readonly mediaRssMib: number;
  readonly workerRssMib: number;
}

export interface RunResult {
  readonly codec: string;
  readonly idle: Usage;
  readonly begin: Usage;
  readonly end: Usage;
  readonly setUpSeconds: number;
  readonly ready: readonly CallersReady[];
  readonly measured: readonly CallersMeasured[];
  readonly done: readonly CallersDone[];
  readonly metricsAtBegin: readonly Sample[];
  readonly metricsAtEnd: readonly Sample[];
  readonly callEnds: readonly CallEnd[];
}

const START_DEADLINE_MS = 30_000;
const SETTLE_MS = 4_000;

/** Starts the media process and the callers, lets them talk, and takes everything down again, whatever happens. */
export async function runCalls(options: RunOptions): Promise<RunResult> {
  const children: { close(): Promise<void> }[] = [];
  const callEnds: CallEnd[] = [];
  try {
    options.say('Starting the media process');
    const media = new Child<MediaReady>(
      'media-process.ts',
      [String(options.sampleRate), String(options.answerMs)],
      (line) => {
        const end = parseCallEnd(line);
        if (end) callEnds.push(end);
      },
    );
    children.push(media);
    const { port, path, codec } = await media.next(START_DEADLINE_MS);
    const url = `http://127.0.0.1:${port}`;
    const [workerPid] = await childrenNamed(media.pid, 'mediasoup-worker');
    if (workerPid === undefined) throw new Error('The media process has no worker');
    const startCallers = (count: number, firstToken: number): Child<FromCallers> => {
      const callers = new Child<FromCallers>('caller-process.ts', []);
      children.push(callers);
      const tokens = Array.from({ length: count }, (_, index) => `call-${firstToken + index}`);
      callers.tell({ type: 'start', url, path, tokens, concurrency: options.concurrency });
      return callers;
    };

    options.say('Warming up');
    const warm = startCallers(2, 1_000_000);
    await expectMessage(warm, 'ready', START_DEADLINE_MS);
    await sleep(SETTLE_MS);
    warm.tell({ type: 'hang_up' });
    await expectMessage(warm, 'done', START_DEADLINE_MS);
    await warm.close();
    await sleep(1_000);
    callEnds.length = 0;
    const idle = await readUsage(media.pid, workerPid);

    options.say(`Setting up ${options.calls} calls`);
    const startedMs = performance.now();
    const callers = spread(options.calls, options.callerProcesses).map(({ from, count }) => startCallers(count, from));
    const setUpDeadlineMs = START_DEADLINE_MS + options.calls * 1_000;
    const ready = await Promise.all(callers.map((child) => expectMessage(child, 'ready', setUpDeadlineMs)));
    const setUpSeconds = (performance.now() - startedMs) / 1_000;

    await sleep(SETTLE_MS);
    options.say(`Measuring for ${options.seconds} s`);
    const metricsAtBegin = await readMetrics(url);
    for (const child of callers) child.tell({ type: 'begin' });
    const begin = await readUsage(media.pid, workerPid);
    await sleep(options.seconds * 1_000);
    const end = await readUsage(media.pid, workerPid);
    for (const child of callers) child.tell({ type: 'end' });
    const metricsAtEnd = await readMetrics(url);
    const measured = await Promise.all(callers.map((child) => expectMessage(child, 'measured', START_DEADLINE_MS)));

    options.say('Hanging up');
    for (const child of callers) child.tell({ type: 'hang_up' });
    const done = await Promise.all(callers.map((child) => expectMessage(child, 'done', START_DEADLINE_MS)));
    return {
      codec,
      idle,
      begin,
      end,
      setUpSeconds,
      ready,
      measured,
      done,
      metricsAtBegin,
      metricsAtEnd,
      callEnds,
    };
  } finally {
    // The callers first: they live on the media process.
    for (const child of children.toReversed()) await child.close();
  }
}

async function expectMessage<Type extends FromCallers['type']>(
  child: Child<FromCallers>,
  type: Type,
  deadlineMs: number,
): Promise<Extract<FromCallers, { type: Type }>> {
  const message = await child.next(deadlineMs);
  if (message.type !== type) throw new Error(`Callers said "${message.type}" where "${type}" was due`);
  return message as Extract<FromCallers, { type: Type }>;
}

async function readUsage(mediaPid: number, workerPid: number): Promise<Usage> {
  const [mediaCpuS, workerCpuS, mediaRssMib, workerRssMib] = await Promise.all([
    cpuSeconds(mediaPid),
    cpuSeconds(workerPid),
    rssMebibytes(mediaPid),
    rssMebibytes(workerPid),
  ]);
  return { atMs: performance.now(), mediaCpuS, workerCpuS, mediaRssMib, workerRssMib };
}

async function readMetrics(url: string): Promise<readonly Sample[]> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) });
  return parseMetrics(await response.text());
}

function spread(calls: number, processes: number): readonly { readonly from: number; readonly count: number }[] {
  return Array.from({ length: processes }, (_, index) => {
    const from = Math.floor((calls * index) / processes);
    return { from, count: Math.floor((calls * (index + 1)) / processes) - from };
  }).filter(({ count }) => count > 0);
}
