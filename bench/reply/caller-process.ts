import { setTimeout as sleep } from 'node:timers/promises';
import { FrameClock } from '../../src/testing/caller/frame-clock.ts';
import { encodeRoomNoise } from '../../src/testing/caller/opus-recording.ts';
import { TestCaller } from '../../src/testing/caller/test-caller.ts';
import type { CallerFigures, Talk } from './messages.ts';
import { loadSpeech } from './speech.ts';

/** Some of the callers, in a process of their own. */

/** The tutor has finished when nothing has come for this long. */
const SILENCE_MS = 300;
/** An answer that has not begun after this long does not come any more. */
const ANSWER_DEADLINE_MS = 4_000;
/** The tutor is interrupted when it has been heard for so long. */
const LISTEN_MS = 600;
/** Turns begin at any place of the grid. */
const SPREAD_MS = 200;

const speech = await loadSpeech();
const background = encodeRoomNoise(2_000);
const frameClock = new FrameClock();

class Learner {
  readonly waitsMs: number[] = [];
  missing = 0;
  readonly #talk: Talk;
  readonly #token: string;
  #lastPacketMs = 0;

  constructor(asked: Talk, token: string) {
    this.#talk = asked;
    this.#token = token;
  }

  async run(untilMs: () => number): Promise<void> {
    const { url, path, manner } = this.#talk;
    const caller = await TestCaller.dial({
      url,
      path,
      token: this.#token,
      frameClock,
      background,
      keepPackets: false,
      deadlineMs: 20_000,
      // What closes a talk spurt is one byte.
      onPacket: ({ atMs, payload }) => (this.#lastPacketMs = payload.length > 1 ? atMs : this.#lastPacketMs),
    });
    await caller.hear(1, 20_000);
    while (performance.now() < untilMs()) await (manner === 'polite' ? this.#turn(caller) : this.#interrupt(caller));
    await caller.hangUp();
    await caller.close();
  }

  async #turn(caller: TestCaller): Promise<void> {
    await this.#untilSilent();
    await sleep(Math.random() * SPREAD_MS);
    await caller.speak(speech);
    await this.#untilHeard(performance.now(), (atMs) => this.waitsMs.push(atMs));
  }

  async #interrupt(caller: TestCaller): Promise<void> {
    await sleep(LISTEN_MS + Math.random() * SPREAD_MS);
    const startedMs = performance.now();
    const spoken = caller.speak(speech);
    await this.#untilSilent();
    this.waitsMs.push(this.#lastPacketMs - startedMs);
    await spoken;
    await this.#untilHeard(performance.now(), () => {});
  }

  async #untilSilent(): Promise<void> {
    while (performance.now() - this.#lastPacketMs < SILENCE_MS) await sleep(20);
  }

  /** The callback gets the milliseconds from `sinceMs` to the first packet after it. */
  async #untilHeard(sinceMs: number, onHeard: (waitMs: number) => void): Promise<void> {
    while (this.#lastPacketMs < sinceMs && performance.now() - sinceMs < ANSWER_DEADLINE_MS) await sleep(10);
    if (this.#lastPacketMs < sinceMs) this.missing++;
    else onHeard(this.#lastPacketMs - sinceMs);
  }
}

async function talk(message: Talk): Promise<void> {
  const learners = message.tokens.map((token) => new Learner(message, token));
  const failures: string[] = [];
  let untilMs = Number.POSITIVE_INFINITY;
  const talking: Promise<void>[] = [];
  for (const learner of learners) {
    talking.push(
      learner
        .run(() => untilMs)
        .catch((error: unknown) => {
          failures.push(error instanceof Error ? error.message : String(error));
        }),
    );
    // Calls are not set up all in one moment.
    await sleep(100);
  }
  untilMs = performance.now() + message.seconds * 1_000;
  await Promise.all(talking);
  const figures: CallerFigures = {
    type: 'talked',
    waitsMs: learners.flatMap(({ waitsMs }) => waitsMs),
    missing: learners.reduce((sum, { missing }) => sum + missing, 0),
    failures,
  };
  process.send?.(figures);
}

process.on('message', (message: Talk) => void talk(message));
process.once('disconnect', () => process.exit(0));
