import { setTimeout as sleep } from 'node:timers/promises';
import type { CallEnd } from './call-ends.ts';
import { Child } from './child.ts';
import type { CallersDone, CallersMeasured, CallersReady, FromCallers } from './messages.ts';
import { parseMetrics, type Sample } from './metrics-text.ts';
import { coreWaitSeconds, cpuSeconds, rssMebibytes } from './process-usage.ts';
import { type Invitation, type Product, startProduct } from './product.ts';

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
  /** What goes on while the calls talk, instead of waiting for so many seconds. */
  readonly during?: (product: Product) => Promise<void>;
}

/** What one process, or two together, used at a moment. */
interface Usage {
  readonly atMs: number;
  readonly mediaCpuS: number;
  readonly workerCpuS: number;
  readonly mediaRssMib: number;
  readonly workerRssMib: number;
  /** How long the media process' main thread was kept waiting for a core, so far. */
  readonly mediaCoreWaitS: number;
}

export interface RunResult {
  readonly codec: string;
  readonly usage: { readonly idle: Usage; readonly begin: Usage; readonly end: Usage };
  readonly setUpSeconds: number;
  readonly ready: readonly CallersReady[];
  readonly measured: readonly CallersMeasured[];
  readonly done: readonly CallersDone[];
  readonly metricsAtBegin: readonly Sample[];
  readonly metricsAtEnd: readonly Sample[];
  readonly callEnds: readonly CallEnd[];
  readonly charged: { readonly calls: number; readonly violations: number };
}

const START_DEADLINE_MS = 30_000;
const SETTLE_MS = 4_000;
const WARM_UP_CALLS = 2;

/** Starts the product and the callers, lets them talk, and takes everything down again, whatever happens. */
export async function runCalls(options: RunOptions): Promise<RunResult> {
  const closings: (() => Promise<void>)[] = [];
  try {
    options.say('Starting PostgreSQL, the web process and the media process');
    const product = await startProduct({
      capacity: options.calls + WARM_UP_CALLS,
      sampleRate: options.sampleRate,
      answerMs: options.answerMs,
      onClose: (close) => closings.push(close),
    });
    const startCallers = (invitations: readonly Invitation[]): Child<FromCallers> => {
      // Callers have machines of their own in truth: here they give way to what is measured.
      const callers = new Child<FromCallers>('caller-process.ts', { niceness: 5 });
      closings.push(() => callers.close());
      callers.tell({ type: 'start', url: product.url, invitations, concurrency: options.concurrency });
      return callers;
    };
    await warmUp(startCallers(await product.invite(WARM_UP_CALLS)), options.say);
    const endsBefore = product.callEnds.length;
    const idle = await readUsage(product);

    options.say(`Setting up ${options.calls} calls`);
    const invitations = await product.invite(options.calls);
    const startedMs = performance.now();
    const callers = spread(invitations, options.callerProcesses).map(startCallers);
    const setUpDeadlineMs = START_DEADLINE_MS + options.calls * 1_000;
    const ready = await Promise.all(callers.map((child) => expectMessage(child, 'ready', setUpDeadlineMs)));
    const setUpSeconds = (performance.now() - startedMs) / 1_000;
    await sleep(SETTLE_MS);

    options.say(`Measuring for ${options.seconds} s`);
    const metricsAtBegin = await readMetrics(product);
    for (const child of callers) child.tell({ type: 'begin' });
    const begin = await readUsage(product);
    await (options.during?.(product) ?? sleep(options.seconds * 1_000));
    const end = await readUsage(product);
    for (const child of callers) child.tell({ type: 'end' });
    const metricsAtEnd = await readMetrics(product);
    const measured = await Promise.all(callers.map((child) => expectMessage(child, 'measured', START_DEADLINE_MS)));

    options.say('Hanging up');
    for (const child of callers) child.tell({ type: 'hang_up' });
    const done = await Promise.all(callers.map((child) => expectMessage(child, 'done', START_DEADLINE_MS)));
    const { codec } = product;
    const charged = await product.charged();
    const callEnds = product.callEnds.slice(endsBefore);
    const usage = { idle, begin, end };
    return { codec, usage, setUpSeconds, ready, measured, done, metricsAtBegin, metricsAtEnd, callEnds, charged };
  } finally {
    for (const close of closings.toReversed()) await close();
  }
}

/** A few calls that do not count: code is compiled and models are loaded with the first ones. */
async function warmUp(callers: Child<FromCallers>, say: (text: string) => void): Promise<void> {
  say('Warming up');
  await expectMessage(callers, 'ready', START_DEADLINE_MS);
  await sleep(SETTLE_MS);
  callers.tell({ type: 'hang_up' });
  await expectMessage(callers, 'done', START_DEADLINE_MS);
  await callers.close();
  await sleep(1_000);
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

async function readUsage({ mediaPid, workerPid }: Product): Promise<Usage> {
  const [mediaCpuS, workerCpuS, mediaRssMib, workerRssMib, mediaCoreWaitS] = await Promise.all([
    cpuSeconds(mediaPid),
    cpuSeconds(workerPid),
    rssMebibytes(mediaPid),
    rssMebibytes(workerPid),
    coreWaitSeconds(mediaPid),
  ]);
  return { atMs: performance.now(), mediaCpuS, workerCpuS, mediaRssMib, workerRssMib, mediaCoreWaitS };
}

async function readMetrics({ mediaUrl }: Product): Promise<readonly Sample[]> {
  const response = await fetch(`${mediaUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
  return parseMetrics(await response.text());
}

function spread(invitations: readonly Invitation[], processes: number): readonly (readonly Invitation[])[] {
  return Array.from({ length: processes }, (_, index) =>
    invitations.filter((_invitation, place) => place % processes === index),
  ).filter(({ length }) => length > 0);
}
