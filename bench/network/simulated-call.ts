import type { OpusCodec } from '../../src/media/audio/opus.ts';
import { Microphone, type MicrophoneStats } from '../../src/media/audio/microphone.ts';
import type { VoiceActivityDetector } from '../../src/media/audio/vad.ts';
import type { VoiceEvent } from '../../src/media/audio/voice-types.ts';
import type { SpeechToText, TranscriptionEvent } from '../../src/speech/engine.ts';
import { within } from '../../src/testing/caller/deadline.ts';
import { Fate, type NetworkConditions } from '../../src/testing/network/conditions.ts';
import type { SentPacket } from './browser-sender.ts';
import type { SpokenLesson, SpokenSentence } from './spoken-lessons.ts';

const SAMPLES_PER_MS = 16;
/** What is said is heard a little later; an utterance that ends before this much of a sentence is the one before. */
const BELONGS_AFTER_MS = 150;
const FINAL_DEADLINE_MS = 120_000;

export interface SimulatedNetwork extends NetworkConditions {
  /** Nothing comes for so long, from the middle of every call's third sentence on. */
  readonly outageMs?: number;
}

export interface SimulatedCallOptions {
  readonly lesson: SpokenLesson;
  readonly sent: readonly SentPacket[];
  readonly network: SimulatedNetwork;
  readonly seed: number;
  /** Where in the 20 ms of a slot the sender's packets come, if nothing delays them. */
  readonly phaseMs: number;
  readonly codec: OpusCodec;
  readonly detector: VoiceActivityDetector;
  readonly speechToText: SpeechToText;
}

export interface SimulatedCall {
  /** What was heard of each sentence. */
  readonly heard: readonly {
    readonly sentence: SpokenSentence;
    readonly text: string;
    readonly touchesOutage: boolean;
  }[];
  readonly stats: MicrophoneStats;
  readonly ticks: number;
  /** Times 20 ms within sentences for which nothing was there in time. */
  readonly starvedInSpeech: number;
  /** How long packets were held back, at the end of each sentence. */
  readonly delaysMs: readonly number[];
}

/** A call from the packets to the words on a clock that is not the world's: the product's own way in, as fast as it goes. */
export async function simulateCall(options: SimulatedCallOptions): Promise<SimulatedCall> {
  const { lesson, codec, detector, speechToText } = options;
  const outage = outageOf(options);
  const arrivals = arrivalsOf(options, outage);
  const abort = new AbortController();
  const ear = speechToText.open({ language: 'en', signal: abort.signal });
  const finals = finalsOf(ear.events);
  const heard = lesson.sentences.map((sentence) => ({ sentence, text: '', touchesOutage: touches(sentence, outage) }));
  const ended: number[] = [];
  const onVoice = (event: VoiceEvent): void => {
    if (event.type === 'speech_started') return ear.startUtterance(event.prefixSamples / SAMPLES_PER_MS);
    if (event.type !== 'speech_stopped') return;
    ear.endUtterance();
    ended.push(event.atSample / SAMPLES_PER_MS);
  };
  const microphone = new Microphone({ codec, detector, onFrame: (frame) => ear.write(frame), onVoice });
  const delaysMs: number[] = [];
  let starvedInSpeech = 0;
  let starved = 0;
  let ticks = 0;
  let next = 0;
  try {
    const endMs = (1_000 * lesson.sound.length) / 48_000 + 500;
    for (let nowMs = 0; nowMs < endMs; nowMs += 20) {
      for (; next < arrivals.length && arrivals[next]!.atMs <= nowMs; next++) {
        microphone.receive(arrivals[next]!.packet, arrivals[next]!.atMs);
      }
      microphone.tick(nowMs);
      ticks++;
      detector.flush();
      await detector.idle();
      const stats = microphone.stats();
      const sentence = lesson.sentences.findLast(({ fromMs }) => fromMs + BELONGS_AFTER_MS <= nowMs);
      if (sentence && nowMs < sentence.toMs) starvedInSpeech += stats.framesStarved - starved;
      if (sentence && nowMs >= sentence.toMs && nowMs < sentence.toMs + 20) delaysMs.push(stats.delayMs);
      starved = stats.framesStarved;
      for (let endedMs = ended.shift(); endedMs !== undefined; endedMs = ended.shift()) {
        const text = await within(finals.next(), FINAL_DEADLINE_MS, 'the words');
        const at = lesson.sentences.findLastIndex(({ fromMs }) => fromMs + BELONGS_AFTER_MS <= endedMs);
        if (heard[at]) heard[at].text += ` ${text.value ?? ''}`;
      }
    }
    return { heard, stats: microphone.stats(), ticks, starvedInSpeech, delaysMs };
  } finally {
    microphone.close();
    abort.abort();
  }
}

async function* finalsOf(events: AsyncIterable<TranscriptionEvent>): AsyncGenerator<string, undefined> {
  for await (const event of events) {
    if (event.type === 'error') throw event.error;
    if (event.type === 'final') yield event.text;
  }
  return undefined;
}

interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

function outageOf({ lesson, network: { outageMs } }: SimulatedCallOptions): Outage | undefined {
  const third = lesson.sentences[Math.min(2, lesson.sentences.length - 1)];
  if (outageMs === undefined || !third) return undefined;
  const fromMs = (third.fromMs + third.toMs) / 2;
  return { fromMs, toMs: fromMs + outageMs };
}

function touches({ fromMs, toMs }: SpokenSentence, outage: Outage | undefined): boolean {
  return outage !== undefined && fromMs < outage.toMs && toMs > outage.fromMs;
}

function arrivalsOf({ sent, network, seed, phaseMs }: SimulatedCallOptions, outage: Outage | undefined): SentPacket[] {
  const fate = new Fate(network, seed);
  return sent
    .flatMap(({ atMs, packet }) => {
      const delays = fate.next();
      const cut = outage !== undefined && atMs >= outage.fromMs && atMs < outage.toMs;
      return cut ? [] : delays.map((delayMs) => ({ atMs: atMs + phaseMs + delayMs, packet }));
    })
    .toSorted((one, other) => one.atMs - other.atMs);
}
