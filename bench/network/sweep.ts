import type { OpusCodec } from '../../src/media/audio/opus.ts';
import type { VoiceActivityDetector } from '../../src/media/audio/vad.ts';
import type { SpeechToText } from '../../src/speech/engine.ts';
import { type SentPacket, sendAsBrowser } from './browser-sender.ts';
import { type SimulatedCall, type SimulatedNetwork, simulateCall } from './simulated-call.ts';
import type { SpokenLesson } from './spoken-lessons.ts';
import { errorsIn, type SentenceErrors } from './word-errors.ts';

/** Decoders at once: the recognizer has processes of its own. */
const AT_ONCE = 2;

export interface Condition {
  readonly name: string;
  readonly network: SimulatedNetwork;
  /** What the sender's in-band error correction is dimensioned for; 0: none. */
  readonly fecPercent: number;
  readonly codec: 'addon' | 'fallback';
}

export interface ConditionResult {
  readonly condition: Condition;
  readonly sentences: readonly SentenceErrors[];
  readonly packetsSent: number;
  readonly lost: number;
  readonly recovered: number;
  readonly late: number;
  readonly starvedInSpeech: number;
  /** Mean over the sentences' ends. */
  readonly delayMs: number;
  readonly framesExpected: number;
  readonly framesEmitted: number;
}

export interface SweepOptions {
  readonly lessons: readonly SpokenLesson[];
  readonly codecs: Readonly<Record<Condition['codec'], OpusCodec>>;
  readonly detector: VoiceActivityDetector;
  readonly speechToText: SpeechToText;
  readonly seed: number;
}

/** Runs conditions over the same calls; loss strikes the same packets wherever its rate is the same. */
export class Sweep {
  readonly #options: SweepOptions;
  readonly #sent = new Map<number, readonly (readonly SentPacket[])[]>();

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  async run(condition: Condition): Promise<ConditionResult> {
    const { lessons, codecs, detector, speechToText, seed } = this.#options;
    const sent = this.#encoded(condition.fecPercent);
    const calls: SimulatedCall[] = [];
    let next = 0;
    const takeNext = async (): Promise<void> => {
      while (next < lessons.length) {
        const index = next++;
        calls[index] = await simulateCall({
          lesson: lessons[index]!,
          sent: sent[index]!,
          network: condition.network,
          seed: seed + index,
          phaseMs: (index * 7) % 20,
          codec: codecs[condition.codec],
          detector,
          speechToText,
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, takeNext));
    const sum = (read: (call: SimulatedCall) => number) => calls.reduce((total, call) => total + read(call), 0);
    const delays = calls.flatMap(({ delaysMs }) => delaysMs);
    return {
      condition,
      // What was said into an outage cannot be heard: the sentences around it can.
      sentences: calls
        .flatMap(({ heard }) => heard)
        .map(({ sentence, text, touchesOutage }) =>
          touchesOutage ? { words: 0, errors: 0 } : errorsIn(sentence.text, text),
        ),
      packetsSent: sent.reduce((total, packets) => total + packets.length, 0),
      lost: sum(({ stats }) => stats.packetsLost),
      recovered: sum(({ stats }) => stats.framesRecovered),
      late: sum(({ stats }) => stats.packetsLate),
      starvedInSpeech: sum(({ starvedInSpeech }) => starvedInSpeech),
      delayMs: delays.reduce((total, delay) => total + delay, 0) / delays.length,
      framesExpected: sum(({ ticks }) => ticks),
      framesEmitted: sum(({ stats }) => stats.framesEmitted),
    };
  }

  #encoded(fecPercent: number): readonly (readonly SentPacket[])[] {
    const known = this.#sent.get(fecPercent);
    if (known) return known;
    const sent = this.#options.lessons.map(({ sound }) => sendAsBrowser(sound, { expectedLossPercent: fecPercent }));
    this.#sent.set(fecPercent, sent);
    return sent;
  }
}
