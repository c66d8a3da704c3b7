import { fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { createSilentLogger } from '../../src/platform/log.ts';
import { ENGINE_FRAME_SAMPLES, type SpeechToSpeechEvent, type TranscriptionEvent } from '../../src/speech/engine.ts';
import { createOpenAi, type OpenAiEngines } from '../../src/speech/openai/index.ts';
import { EventReader } from '../../src/testing/conformance/event-reader.ts';
import { createTone } from '../../src/testing/engines/scripted-text-to-speech.ts';
import { createScriptedMind, type Mind } from '../../src/testing/openai/mind.ts';
import { startOpenAiServer } from '../../src/testing/openai/server.ts';
import { percentile } from '../calls/percentiles.ts';

/**
 * OpenAI's engines against a server of its protocols that answers at once: what is left is the product's own share, the
 * server's and the loopback's included. `node bench/engines/openai.ts`
 */
export interface OpenAiFigures {
  /** From the first frame of an utterance to the first partial. */
  readonly first_partial_ms_p95: number;
  /** From the vendor's first byte of sound to the event: one sentence by itself, and in a realtime session. */
  readonly first_audio_speech_ms_p95: number;
  readonly first_audio_realtime_ms_p95: number;
  /** From a frame's arrival to the vendor's having it, with thirty realtime sessions. */
  readonly delivery_ms_p99: number;
  /** Thirty of each of the four kinds at once: failures, and the longest time that nothing else could run. */
  readonly thirty_failures: number;
  readonly thirty_stall_ms: number;
  /** Resident memory after 1 000 short calls against that after the first 100, in percent. */
  readonly memory_growth_percent: number;
}

const WAIT_MS = 30_000;
const log = createSilentLogger();
const { signal } = new AbortController();
const tone = createTone({ sampleRate: 16_000, durationMs: 20 });
const lesson = { language: 'en', level: 'beginner', instructions: '', history: [], signal } as const;
const turn = { ...lesson, occasion: 'turn', heard: 'Good morning.', memory: undefined } as const;
const sentence = { text: 'How are you today, my friend?', language: 'en', rate: 1 } as const;

export async function measureOpenAi(say: (text: string) => void = () => undefined): Promise<OpenAiFigures> {
  say('First partials and first sounds');
  const firsts = await measureFirsts();
  say('Delivery of audio');
  const delivery = await measureDelivery();
  say('Thirty at once');
  const thirty = await measureThirty();
  say('A thousand short calls');
  const memory = await measureMemory();
  return { ...firsts, ...delivery, ...thirty, ...memory };
}

type Firsts = 'first_partial_ms_p95' | 'first_audio_speech_ms_p95' | 'first_audio_realtime_ms_p95';

async function measureFirsts(times = 200): Promise<Pick<OpenAiFigures, Firsts>> {
  let spokenAt = 0;
  const inner = createScriptedMind({ msPerCharacter: 10 });
  const mind: Mind = {
    ...inner,
    async *speak(text, options) {
      for await (const samples of inner.speak(text, options)) {
        spokenAt ||= performance.now();
        yield samples;
      }
    },
  };
  const server = await startOpenAiServer({ mind });
  const openai = createOpenAi({ apiKey: server.apiKey, baseUrl: server.baseUrl, log });
  const partials: number[] = [];
  const ear = openai.speechToText.open({ language: 'en', signal });
  const heard = new EventReader<TranscriptionEvent>(ear.events, WAIT_MS);
  const session = openai.speechToSpeech.open(lesson);
  const events = new EventReader<SpeechToSpeechEvent>(session.events, WAIT_MS);
  const [speech, realtime]: [number[], number[]] = [[], []];
  for (let i = 0; i < times + 10; i++) {
    ear.startUtterance(0);
    const from = performance.now();
    ear.write(tone);
    await heard.until('partial');
    partials.push(performance.now() - from);
    for (let frame = 0; frame < 9; frame++) ear.write(tone);
    ear.endUtterance();
    await heard.until('final');

    spokenAt = 0;
    const audio = new EventReader(openai.textToSpeech.synthesize(sentence, signal), WAIT_MS);
    await audio.until('audio');
    speech.push(performance.now() - spokenAt);
    await audio.rest();

    spokenAt = 0;
    session.greet();
    await events.until('audio');
    realtime.push(performance.now() - spokenAt);
    await events.until('answer_finished');
  }
  openai.close();
  await server.close();
  // The first few pay for connections and compilation.
  const p95 = (values: readonly number[]) => percentile(values.slice(10), 0.95);
  return {
    first_partial_ms_p95: p95(partials),
    first_audio_speech_ms_p95: p95(speech),
    first_audio_realtime_ms_p95: p95(realtime),
  };
}

async function measureDelivery(sessions = 30, seconds = 8): Promise<Pick<OpenAiFigures, 'delivery_ms_p99'>> {
  const written = new Map<string, number[]>();
  const delaysMs: number[] = [];
  const server = await startOpenAiServer({
    onAppend({ id, appends }) {
      const at = written.get(id)?.[appends - 1];
      if (at !== undefined) delaysMs.push(performance.now() - at);
    },
  });
  const openai = createOpenAi({ apiKey: server.apiKey, baseUrl: server.baseUrl, log });
  const callers: { write: () => void }[] = [];
  for (let i = 0; i < sessions; i++) {
    const session = openai.speechToSpeech.open(lesson);
    session.greet();
    await new EventReader<SpeechToSpeechEvent>(session.events, WAIT_MS).until('answer_started');
    const times: number[] = [];
    written.set(server.sessions.at(-1)?.id ?? '', times);
    const frame = new Int16Array(ENGINE_FRAME_SAMPLES);
    callers.push({
      write() {
        times.push(performance.now());
        session.write(frame);
      },
    });
  }
  const from = performance.now();
  for (let slot = 0; slot < (seconds * 1_000) / 5; slot++) {
    // Four phases of 5 ms, as the pacer has them.
    for (let i = slot % 4; i < callers.length; i += 4) callers[i]?.write();
    await pause(Math.max(0, from + (slot + 1) * 5 - performance.now()));
  }
  await pause(200);
  openai.close();
  await server.close();
  return { delivery_ms_p99: percentile(delaysMs, 0.99) };
}

async function measureThirty(): Promise<Pick<OpenAiFigures, 'thirty_failures' | 'thirty_stall_ms'>> {
  const { baseUrl, apiKey, end } = await startServerProcess();
  const openai = createOpenAi({ apiKey, baseUrl, log });
  const loop = monitorEventLoopDelay({ resolution: 5 });
  await shortCall(openai);
  loop.enable();
  const calls = await Promise.allSettled(Array.from({ length: 30 }, () => shortCall(openai, 2_000)));
  loop.disable();
  openai.close();
  end();
  return {
    thirty_failures: calls.filter(({ status }) => status === 'rejected').length,
    thirty_stall_ms: loop.max / 1e6,
  };
}

async function measureMemory(): Promise<Pick<OpenAiFigures, 'memory_growth_percent'>> {
  const { baseUrl, apiKey, end } = await startServerProcess();
  const openai = createOpenAi({ apiKey, baseUrl, log });
  let early = 0;
  let late = 0;
  for (let made = 100; made <= 1_000; made += 100) {
    for (let i = 0; i < 100; i++) await shortCall(openai);
    // After each hundred, as after the first: how far the heap grows between collections is V8's choice, no leak.
    late = await residentBytes();
    early ||= late;
  }
  openai.close();
  end();
  return { memory_growth_percent: (100 * (late - early)) / early };
}

/** All four kinds at the same time: an utterance, an answer, a sentence, and a realtime session that greets. */
async function shortCall(openai: OpenAiEngines, pacedMs = 0): Promise<void> {
  // A call's signal is the call's own.
  const { signal: own } = new AbortController();
  const ear = openai.speechToText.open({ language: 'en', signal: own });
  const session = openai.speechToSpeech.open({ ...lesson, signal: own });
  const heard = new EventReader<TranscriptionEvent>(ear.events, WAIT_MS);
  const events = new EventReader<SpeechToSpeechEvent>(session.events, WAIT_MS);
  try {
    session.greet();
    const listening = async () => {
      ear.startUtterance(0);
      for (let writtenMs = 0; writtenMs < Math.max(200, pacedMs); writtenMs += 20) {
        ear.write(tone);
        session.write(new Int16Array(ENGINE_FRAME_SAMPLES));
        if (pacedMs > 0) await pause(20);
      }
      ear.endUtterance();
      await heard.until('final');
    };
    await Promise.all([
      listening(),
      events.until('answer_finished'),
      new EventReader(openai.tutor.reply(turn, own), WAIT_MS).rest(),
      new EventReader(openai.textToSpeech.synthesize(sentence, own), WAIT_MS).rest(),
    ]);
  } finally {
    ear.close();
    session.close();
  }
}

/** The least of a few looks, each after the heap has given back what it does not need. */
async function residentBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  let least = Infinity;
  for (let look = 0; look < 5; look++) {
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await pause(100);
    least = Math.min(least, process.memoryUsage.rss());
  }
  return least;
}

async function startServerProcess(): Promise<{
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly end: () => void;
}> {
  const child = fork(new URL('openai-server-process.ts', import.meta.url));
  const [address] = (await once(child, 'message')) as [{ readonly baseUrl: string; readonly apiKey: string }];
  return { ...address, end: () => child.disconnect() };
}

if (import.meta.main) {
  const figures = await measureOpenAi((text) => process.stderr.write(`${text}\n`));
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  process.exit(0);
}
