import { Child } from '../calls/child.ts';
import { coreWaitSeconds } from '../calls/process-usage.ts';
import type { CallerFigures, FromMedia, MediaFigures, Scenario, Talk } from './messages.ts';

export interface RunOptions extends Scenario {
  readonly calls: number;
  readonly seconds: number;
  readonly manner: Talk['manner'];
}

export interface RunFigures {
  readonly codec: string;
  /** Of each second of talk, how long the media process' main thread was kept waiting for a core. */
  readonly coreWaitMsPerSecond: number;
  readonly media: MediaFigures;
  readonly callers: readonly CallerFigures[];
}

const DEADLINE_MS = 30_000;
const CALLS_A_PROCESS = 20;

/** One scenario: a media node and its callers, each in processes of their own, which are gone afterwards. */
export async function run(options: RunOptions): Promise<RunFigures> {
  const { thinkMs, answerMs, guesses, calls, seconds, manner } = options;
  const closings: (() => Promise<void>)[] = [];
  try {
    const scenario: Scenario = { thinkMs, answerMs, guesses };
    const media = new Child<FromMedia>('../reply/media-process.ts', { parameters: [JSON.stringify(scenario)] });
    closings.push(() => media.close());
    const { url, path, codec } = await expect(media, 'ready', DEADLINE_MS);
    media.tell({ type: 'place', calls });
    const { tokens } = await expect(media, 'placed', DEADLINE_MS);
    const processes = Math.ceil(calls / CALLS_A_PROCESS);
    const callers = Array.from({ length: processes }, (_, index) => {
      // Callers have machines of their own in truth: here they give way to what is measured.
      const child = new Child<CallerFigures>('../reply/caller-process.ts', { niceness: 5 });
      closings.push(() => child.close());
      const own = tokens.filter((_token, place) => place % processes === index);
      child.tell({ type: 'talk', url, path, tokens: own, manner, seconds });
      return child;
    });
    const [waitedS, sinceMs] = [await coreWaitSeconds(media.pid), performance.now()];
    const talked = await Promise.all(callers.map((child) => child.next(2 * DEADLINE_MS + seconds * 1_000)));
    const waitS = (await coreWaitSeconds(media.pid)) - waitedS;
    const coreWaitMsPerSecond = (waitS * 1_000_000) / (performance.now() - sinceMs);
    media.tell({ type: 'report' });
    return { codec, coreWaitMsPerSecond, callers: talked, media: await expect(media, 'figures', DEADLINE_MS) };
  } finally {
    for (const close of closings.toReversed()) await close();
  }
}

async function expect<Type extends FromMedia['type']>(
  child: Child<FromMedia>,
  type: Type,
  deadlineMs: number,
): Promise<Extract<FromMedia, { type: Type }>> {
  const message = await child.next(deadlineMs);
  if (message.type !== type) throw new Error(`The media process said "${message.type}" where "${type}" was due`);
  return message as Extract<FromMedia, { type: Type }>;
}
