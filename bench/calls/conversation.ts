import { setTimeout as sleep } from 'node:timers/promises';
import type { FrameClock } from '../../src/testing/caller/frame-clock.ts';
import type { OpusFrames } from '../../src/testing/caller/opus-recording.ts';
import { TestCaller } from '../../src/testing/caller/test-caller.ts';
import { ArrivalGrid } from './grid.ts';

export interface ConversationOptions {
  readonly url: string;
  readonly path: string;
  readonly token: string;
  readonly frameClock: FrameClock;
  readonly recording: OpusFrames;
  readonly background: OpusFrames;
}

/** The tutor has finished when nothing has come for this long. */
const SILENCE_MS = 500;

/** An answer that has not begun after this long does not come any more. */
const ANSWER_DEADLINE_MS = 8_000;

/** A learner who says a sentence, listens to the answer to its end, says the sentence again, and so on. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #grid = new ArrivalGrid();
  readonly #over = new AbortController();
  #caller: TestCaller | undefined;
  #lastPacketMs = 0;
  #before = { packets: 0, lost: 0, sent: 0, answered: 0, unanswered: 0 };
  #answered = 0;
  #unanswered = 0;
  #talking: Promise<void> = Promise.resolve();

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** Sets the call up, waits for the tutor's first packet, and begins to talk. */
  async start(): Promise<{ readonly firstPacketMs: number; readonly connectedMs: number }> {
    const { url, path, token, frameClock, background, recording } = this.#options;
    const caller = await TestCaller.dial({
      url,
      path,
      token,
      frameClock,
      background,
      keepPackets: false,
      deadlineMs: 20_000,
      onPacket: ({ atMs, timestamp }) => {
        this.#lastPacketMs = atMs;
        this.#grid.add(timestamp, atMs);
      },
    });
    this.#caller = caller;
    await caller.hear(1, 20_000);
    const { joinStartedMs = 0, connectedMs = 0 } = caller.times;
    this.#talking = this.#talk(caller, recording).catch((error: unknown) => {
      if (!this.#over.signal.aborted) throw error;
    });
    return {
      firstPacketMs: (caller.received.firstAtMs ?? 0) - joinStartedMs,
      connectedMs: connectedMs - joinStartedMs,
    };
  }

  beginMeasuring(): void {
    this.#grid.restart();
    this.#before = this.#counts();
  }

  measured() {
    const now = this.#counts();
    return {
      gridDistancesMs: this.#grid.distancesMs(),
      packetsReceived: now.packets - this.#before.packets,
      packetsLost: now.lost - this.#before.lost,
      packetsSent: now.sent - this.#before.sent,
      answered: now.answered - this.#before.answered,
      unanswered: now.unanswered - this.#before.unanswered,
    };
  }

  /** Returns whether the other side said that the call has ended. */
  async hangUp(): Promise<boolean> {
    this.#over.abort();
    const caller = this.#caller;
    if (!caller) return false;
    try {
      await caller.hangUp();
      await caller.signaling.event('call:ended');
      return true;
    } catch {
      return false;
    } finally {
      await this.#talking.catch(() => {});
      await caller.close();
    }
  }

  async #talk(caller: TestCaller, recording: OpusFrames): Promise<void> {
    const { signal } = this.#over;
    await this.#untilSilent(signal);
    while (!signal.aborted) {
      await Promise.race([caller.speak(recording), aborted(signal)]);
      const askedMs = performance.now();
      while (this.#lastPacketMs < askedMs && performance.now() - askedMs < ANSWER_DEADLINE_MS) {
        await sleep(50, undefined, { signal });
      }
      if (this.#lastPacketMs < askedMs) this.#unanswered++;
      else this.#answered++;
      await this.#untilSilent(signal);
    }
  }

  async #untilSilent(signal: AbortSignal): Promise<void> {
    while (performance.now() - this.#lastPacketMs < SILENCE_MS) await sleep(50, undefined, { signal });
  }

  #counts() {
    const { packets = 0, lost = 0 } = this.#caller?.received.summary ?? {};
    return {
      packets,
      lost,
      sent: this.#caller?.framesSent ?? 0,
      answered: this.#answered,
      unanswered: this.#unanswered,
    };
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
