import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { createSilentLogger } from '../../src/platform/log.ts';
import { ENGINE_FRAME_SAMPLES, type TranscriptionEvent } from '../../src/speech/engine.ts';
import { createYandex, type Yandex } from '../../src/speech/yandex/index.ts';
import { createCodedSpeech } from '../../src/testing/yandex/coded-speech.ts';
import { Child } from '../calls/child.ts';
import { percentile } from '../calls/percentiles.ts';
import { formatTable, type Row } from '../calls/report.ts';
import { BENCH_WORDS } from './spoken-words.ts';

/**
 * What the Yandex engines cost beside a SpeechKit that answers at once, in another process: the times contain its answer
 * and both ways, so the product's own share is less.
 */

const FRAME_MS = 20;
const FRAME_SAMPLES = ENGINE_FRAME_SAMPLES;
const EVENT_DEADLINE_MS = 10_000;
const never = new AbortController().signal;
const spoken = createCodedSpeech(BENCH_WORDS).say(BENCH_WORDS);
const silence = new Int16Array(FRAME_SAMPLES);

export interface YandexBenchOptions {
  /** Calls that talk at once. */
  readonly calls?: number;
  /** What each of them says and is told. */
  readonly turns?: number;
  /** Calls for the memory's sake: a word heard, a word said, hung up. */
  readonly shortCalls?: number;
}

/** @returns a table of figures with their targets. */
export async function measureYandex(options: YandexBenchOptions = {}): Promise<readonly Row[]> {
  const { calls = 30, turns = 6, shortCalls = 1_000 } = options;
  const child = new Child<{ readonly endpoint: string }>('../engines/yandex-process.ts');
  const { endpoint } = await child.next(EVENT_DEADLINE_MS);
  const yandex = createYandex({
    apiKey: 'key',
    sttEndpoint: endpoint,
    ttsEndpoint: endpoint,
    log: createSilentLogger(),
  });
  try {
    await talk(yandex, 2, 2);
    return [...(await measureTalk(yandex, calls, turns)), ...(await measureMemory(yandex, shortCalls))];
  } finally {
    await yandex.close();
    await child.close();
  }
}

async function measureTalk(yandex: Yandex, calls: number, turns: number): Promise<readonly Row[]> {
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const cpuBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  const times = await talk(yandex, calls, turns);
  const { user, system } = process.cpuUsage(cpuBefore);
  const cores = (user + system) / 1_000 / (performance.now() - startedAtMs);
  loop.disable();
  return [
    { name: 'Yandex: first partial after the first audio, p50', value: percentile(times.partialMs, 0.5), unit: 'ms' },
    {
      name: 'Yandex: first partial after the first audio, p95',
      value: percentile(times.partialMs, 0.95),
      unit: 'ms',
      atMost: 15,
    },
    { name: 'Yandex: final after the end of speech, p95', value: percentile(times.finalMs, 0.95), unit: 'ms' },
    { name: 'Yandex: first audio of a sentence, p50', value: percentile(times.audioMs, 0.5), unit: 'ms' },
    {
      name: 'Yandex: first audio of a sentence, p95',
      value: percentile(times.audioMs, 0.95),
      unit: 'ms',
      atMost: 25,
    },
    { name: `Yandex: turns of ${calls} calls at once that failed`, value: times.failures, unit: '', atMost: 0 },
    { name: `Yandex: CPU, ${calls} calls that talk all the time`, value: cores, unit: 'cores' },
    { name: 'Yandex: event loop delay, p99', value: loop.percentile(99) / 1e6, unit: 'ms' },
  ];
}

interface TalkTimes {
  readonly partialMs: number[];
  readonly finalMs: number[];
  readonly audioMs: number[];
  failures: number;
}

/** Callers who speak in real time, one frame of all of them every 20 ms, and begin at different times. */
async function talk(yandex: Yandex, calls: number, turns: number): Promise<TalkTimes> {
  const times: TalkTimes = { partialMs: [], finalMs: [], audioMs: [], failures: 0 };
  const tickers = new Set<() => void>();
  const startedAtMs = performance.now();
  let ticks = 0;
  const timer = setInterval(() => {
    for (; ticks * FRAME_MS < performance.now() - startedAtMs; ticks++) for (const tick of tickers) tick();
  }, FRAME_MS / 4);
  await Promise.all(
    Array.from({ length: calls }, async (_, call) => {
      try {
        await talkOnce(yandex, { call, turns, tickers, times });
      } catch {
        times.failures++;
      }
    }),
  );
  clearInterval(timer);
  return times;
}

interface Talk {
  readonly call: number;
  readonly turns: number;
  readonly tickers: Set<() => void>;
  readonly times: TalkTimes;
}

async function talkOnce(yandex: Yandex, { call, turns, tickers, times }: Talk): Promise<void> {
  const stream = yandex.speechToText.open({ language: 'en', signal: never });
  const events = stream.events[Symbol.asyncIterator]();
  // Somewhere in the first second, and then all the time: 300 ms of silence, a sentence.
  let tick = -Math.round((call * 1_000) / FRAME_MS / 30);
  let begun = Promise.withResolvers<number>();
  let ended = Promise.withResolvers<number>();
  const lengthTicks = spoken.length / FRAME_SAMPLES;
  const write = () => {
    const at = tick++;
    if (at === 0) {
      stream.startUtterance(0);
      begun.resolve(performance.now());
    }
    const from = at * FRAME_SAMPLES;
    stream.write(at >= 0 && at < lengthTicks ? spoken.subarray(from, from + FRAME_SAMPLES) : silence);
    if (at === lengthTicks) {
      stream.endUtterance();
      ended.resolve(performance.now());
    }
  };
  tickers.add(write);
  try {
    for (let turn = 0; turn < turns; turn++) {
      const beganAtMs = await begun.promise;
      await until(events, 'partial');
      times.partialMs.push(performance.now() - beganAtMs);
      await until(events, 'final');
      times.finalMs.push(performance.now() - (await ended.promise));
      const askedAtMs = performance.now();
      const audio = yandex.textToSpeech.synthesize({ text: 'Good morning to you.', language: 'en', rate: 1 }, never);
      for await (const event of audio) {
        if (event.type !== 'audio') continue;
        times.audioMs.push(performance.now() - askedAtMs);
        break;
      }
      begun = Promise.withResolvers<number>();
      ended = Promise.withResolvers<number>();
      tick = -15;
    }
  } finally {
    tickers.delete(write);
    stream.close();
  }
}

async function until(events: AsyncIterator<TranscriptionEvent>, type: TranscriptionEvent['type']): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`No ${type}`)), EVENT_DEADLINE_MS);
  try {
    for (;;) {
      const { value, done } = await Promise.race([events.next(), late.promise]);
      if (done === true || value.type === 'error') throw new Error(`The stream ended before its ${type}`);
      if (value.type === type) return;
    }
  } finally {
    clearTimeout(timer);
  }
}

const LEVEL_AFTER = 100;

async function measureMemory(yandex: Yandex, shortCalls: number): Promise<readonly Row[]> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  await makeShortCalls(yandex, Math.min(LEVEL_AFTER, shortCalls));
  const levelBytes = await settledRss(collect);
  let afterBytes = levelBytes;
  for (let made = LEVEL_AFTER; made < shortCalls; made += LEVEL_AFTER) {
    await makeShortCalls(yandex, Math.min(LEVEL_AFTER, shortCalls - made));
    // After each hundred, as after the first: how far the heap grows between collections is V8's choice, no leak.
    afterBytes = await settledRss(collect);
  }
  const growth = (afterBytes / levelBytes - 1) * 100;
  return [
    {
      name: `Yandex: memory after ${shortCalls} short calls beside the first ${LEVEL_AFTER}`,
      value: growth,
      unit: '%',
      atMost: 5,
    },
  ];
}

async function makeShortCalls(yandex: Yandex, count: number): Promise<void> {
  for (let made = 0; made < count; made += 10) {
    await Promise.all(Array.from({ length: Math.min(10, count - made) }, () => makeShortCall(yandex)));
  }
}

async function makeShortCall(yandex: Yandex): Promise<void> {
  const stream = yandex.speechToText.open({ language: 'en', signal: never });
  const events = stream.events[Symbol.asyncIterator]();
  stream.startUtterance(0);
  for (let from = 0; from < spoken.length / 4; from += FRAME_SAMPLES) {
    stream.write(spoken.subarray(from, from + FRAME_SAMPLES));
  }
  stream.endUtterance();
  await until(events, 'final');
  for await (const event of yandex.textToSpeech.synthesize({ text: 'Good.', language: 'en', rate: 1 }, never)) {
    if (event.type !== 'audio') throw new Error('A voice says nothing but audio');
  }
  stream.close();
}

/** The least of a few looks, each after the heap has given back what it does not need. */
async function settledRss(collect: (options: object) => void): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < 5; look++) {
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    least = Math.min(least, process.memoryUsage.rss());
  }
  return least;
}

if (import.meta.main) process.stdout.write(`${formatTable(await measureYandex())}\n`);
