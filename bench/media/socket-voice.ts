import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameClock } from '../../src/testing/caller/frame-clock.ts';
import type { OpusFrames } from '../../src/testing/caller/opus-recording.ts';
import { encodeRoomNoise } from '../../src/testing/caller/opus-recording.ts';
import { SocketCaller } from '../../src/testing/caller/socket-caller.ts';
import { TestCaller } from '../../src/testing/caller/test-caller.ts';
import { Child } from '../calls/child.ts';
import { percentile } from '../calls/percentiles.ts';
import { childrenNamed, cpuSeconds } from '../calls/process-usage.ts';
import { loadSpeech } from '../reply/speech.ts';
import type { Ready } from './media-process.ts';

const START_DEADLINE_MS = 30_000;
const ANSWER_MS = 1_500;
const ANSWER_DEADLINE_MS = 6_000;
/** After an answer's end, until the next turn. */
const PAUSE_MS = 700;
const STALL_EVERY_MS = 4_000;

export interface DelayFigures {
  readonly webRtcMs: readonly number[];
  readonly socketMs: readonly number[];
}

/** How long a learner waits for the tutor's first sound after their last word, by both ways in turn. */
export async function measureDelay(turns: number): Promise<DelayFigures> {
  const speech = await loadSpeech();
  return await withNode(2, async ({ url, path, tokens }) => {
    const frameClock = new FrameClock();
    const rtp = await TestCaller.dial({
      url,
      path,
      token: tokens[0]!,
      frameClock,
      background: encodeRoomNoise(2_000),
      keepPackets: true,
    });
    const socket = await SocketCaller.dial({ url, path, token: tokens[1]!, frameClock });
    try {
      await sleep(ANSWER_MS + 2_000);
      const webRtcMs: number[] = [];
      const socketMs: number[] = [];
      for (let turn = 0; turn < turns; turn++) {
        const heardBefore = rtp.received.packets.length;
        await rtp.speak(speech);
        const rtpEndMs = performance.now();
        await until(() => rtp.received.packets.length > heardBefore);
        webRtcMs.push((rtp.received.packets[heardBefore]?.atMs ?? Number.NaN) - rtpEndMs);

        const beganBefore = socket.beginningsMs.length;
        await socket.speak(speech);
        const socketEndMs = performance.now();
        await until(() => socket.beginningsMs.length > beganBefore);
        socketMs.push((socket.beginningsMs[beganBefore] ?? Number.NaN) - socketEndMs);
        await sleep(ANSWER_MS + PAUSE_MS);
      }
      return { webRtcMs, socketMs };
    } finally {
      socket.close();
      await rtp.close();
    }
  });
}

export interface LoadFigures {
  readonly turns: number;
  readonly underruns: number;
  /** Of one core, for each call: the node's process with its worker, and the transcoders. */
  readonly mediaPercent: number;
  readonly transcoderPercent: number;
  readonly replyP95Ms: number;
  /** For how long the callers, all in this process, stood still at most: what ran dry then was not the node's doing. */
  readonly callersStoodStillMs: number;
}

export interface Load {
  readonly calls: number;
  readonly seconds: number;
  /** So long the node is stopped every four seconds; 0: never. */
  readonly stallMs: number;
}

/** So many calls at once, all of which talk in turns. */
export async function measureLoad({ calls, seconds, stallMs }: Load): Promise<LoadFigures> {
  const speech = await loadSpeech();
  return await withNode(calls, async ({ url, path, tokens }, media) => {
    const frameClock = new FrameClock();
    const callers: SocketCaller[] = [];
    const standstills = monitorEventLoopDelay({ resolution: 5 });
    standstills.enable();
    const over = new AbortController();
    try {
      for (const token of tokens) callers.push(await SocketCaller.dial({ url, path, token, frameClock }));
      await sleep(ANSWER_MS + 2_000);
      const ffmpegs = await childrenNamed(media.pid, 'ffmpeg');
      const usage = async () => ({
        media: await cpuSeconds(media.pid),
        transcoders: (await Promise.all(ffmpegs.map(cpuSeconds))).reduce((sum, one) => sum + one, 0),
        atMs: performance.now(),
      });
      const before = await usage();
      if (stallMs > 0) void stallAgainAndAgain(media.pid, stallMs, over.signal);
      const untilMs = performance.now() + seconds * 1_000;
      const waits = await Promise.all(callers.map((caller, index) => converse(caller, speech, index * 150, untilMs)));
      const after = await usage();
      const percent = (spent: number) => ((spent * 1_000) / (after.atMs - before.atMs) / calls) * 100;
      return {
        turns: waits.flat().length,
        underruns: callers.reduce((sum, { underruns }) => sum + underruns, 0),
        mediaPercent: percent(after.media - before.media),
        transcoderPercent: percent(after.transcoders - before.transcoders),
        replyP95Ms: percentile(waits.flat(), 0.95),
        callersStoodStillMs: standstills.max / 1e6,
      };
    } finally {
      over.abort();
      standstills.disable();
      for (const caller of callers) caller.close();
    }
  });
}

/** Until the signal aborts or the process is gone: it is stopped, and goes on. */
async function stallAgainAndAgain(pid: number, stallMs: number, over: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(STALL_EVERY_MS);
    if (over.aborted) return;
    if (!signalled(pid, 'SIGSTOP')) return;
    await sleep(stallMs);
    if (!signalled(pid, 'SIGCONT')) return;
  }
}

/** @returns whether the process is there */
function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

async function converse(
  caller: SocketCaller,
  speech: OpusFrames,
  afterMs: number,
  untilMs: number,
): Promise<readonly number[]> {
  await sleep(afterMs);
  const waitsMs: number[] = [];
  while (performance.now() < untilMs) {
    const before = caller.beginningsMs.length;
    await caller.speak(speech);
    const endMs = performance.now();
    await until(() => caller.beginningsMs.length > before);
    waitsMs.push((caller.beginningsMs[before] ?? Number.NaN) - endMs);
    await sleep(ANSWER_MS + PAUSE_MS);
  }
  return waitsMs;
}

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + ANSWER_DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error('The tutor did not answer');
    await sleep(5);
  }
}

async function withNode<Result>(
  calls: number,
  use: (ready: Ready, media: Child<Ready>) => Promise<Result>,
): Promise<Result> {
  const media = new Child<Ready>('../media/media-process.ts', { parameters: [String(calls), String(ANSWER_MS)] });
  try {
    return await use(await media.next(START_DEADLINE_MS), media);
  } finally {
    await media.close();
  }
}
