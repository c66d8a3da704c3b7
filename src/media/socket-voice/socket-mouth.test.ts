import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { CallEventName, CallEvents } from '../protocol.ts';
import type { Mp3Encoder } from '../transcoding/transcoder.ts';
import { MOUTH_SAMPLE_RATE, SocketMouth } from './socket-mouth.ts';

const FRAME_SAMPLES = MOUTH_SAMPLE_RATE / 50;
const MP3_FRAME_SAMPLES = 576;
const MP3_FRAME_MS = 24;
/** At 48 kbit/s. */
const MP3_FRAME_BYTES = 144;

/** Gives a frame's bytes when its samples and those that LAME looks ahead at are there. */
function createFakeEncoder(): Mp3Encoder & { readonly bytesGiven: () => number } {
  const LOOK_AHEAD_SAMPLES = 1_105;
  let samplesIn = 0;
  let framesOut = 0;
  const ready: Uint8Array[] = [];
  let wake = (): void => {};
  return {
    bytesGiven: () => framesOut * MP3_FRAME_BYTES,
    async write(samples) {
      samplesIn += samples.length;
      while ((framesOut + 1) * MP3_FRAME_SAMPLES + LOOK_AHEAD_SAMPLES <= samplesIn) {
        framesOut++;
        ready.push(new Uint8Array(MP3_FRAME_BYTES));
      }
      wake();
    },
    end: () => {},
    chunks: {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const next = ready.shift();
          if (next) yield next;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      },
    },
    close: async () => {},
  };
}

/** A page at the end of a way: begins with 120 ms, reports five times a second and when a sound begins. */
class Page {
  receivedBytes = 0;
  playedMs = 0;
  beginnings = 0;
  beganAtMs: number | undefined;
  /** What comes before this is held up by the network. */
  stumblesUntilMs = 0;
  readonly #clock: FakeClock;
  readonly #wayMs: number;
  readonly #report: (playedMs: number) => void;
  #playing = false;
  #paused = false;
  #ticks = 0;

  constructor(clock: FakeClock, wayMs: number, report: (playedMs: number) => void) {
    this.#clock = clock;
    this.#wayMs = wayMs;
    this.#report = report;
  }

  readonly send = <Name extends CallEventName>(name: Name, payload: CallEvents[Name]): void => {
    const nowMs = this.#clock.monotonicMs();
    const delayMs = Math.max(this.#wayMs, this.stumblesUntilMs - nowMs);
    this.#clock.after(delayMs, () => {
      if (name === 'voice:sound') this.receivedBytes += (payload as CallEvents['voice:sound']).bytes.length;
      if (name === 'voice:pause') this.#paused = true;
      if (name === 'voice:resume') this.#paused = false;
      if (name === 'voice:drop') {
        this.#paused = false;
        this.#playing = false;
        this.playedMs = (payload as CallEvents['voice:drop']).before_ms;
      }
    });
  };

  tick20Ms(): void {
    if (this.#paused) return;
    const keptMs = (this.receivedBytes / MP3_FRAME_BYTES) * MP3_FRAME_MS - this.playedMs;
    if (!this.#playing && keptMs >= 120) {
      this.#playing = true;
      this.beginnings++;
      this.beganAtMs ??= this.#clock.monotonicMs();
      this.#tell();
    }
    if (this.#playing && keptMs < MP3_FRAME_MS) {
      this.#playing = false;
      this.#tell();
    }
    if (!this.#playing) return;
    this.playedMs += 20;
    if (++this.#ticks % 10 === 0) this.#tell();
  }

  #tell(): void {
    const playedMs = this.playedMs;
    this.#clock.after(this.#wayMs, () => this.#report(playedMs));
  }
}

function scene({ wayMs }: { wayMs: number }) {
  const clock = new FakeClock();
  const encoder = createFakeEncoder();
  const page = new Page(clock, wayMs, (playedMs) => mouth.report(playedMs));
  const onFailed = (error: unknown): never => assert.fail(String(error));
  const mouth = new SocketMouth({ encoder, stream: 1, clock, send: page.send, onFailed });
  /** As the speaker does it: a slot of 20 ms after the other, until all of the sound is heard or the time is over. */
  async function say(soundMs: number, { forMs = 20_000, inEachSlot = (_atMs: number): void => {} } = {}) {
    let leftMs = soundMs;
    let onTheWayMs = 0;
    let firstHeardAtMs: number | undefined;
    for (let atMs = 0; atMs < forMs && (leftMs > 0 || onTheWayMs > 0); atMs += 20) {
      const nowMs = clock.monotonicMs();
      inEachSlot(atMs);
      const heardAtMs = mouth.framesHeard(nowMs);
      firstHeardAtMs ??= heardAtMs[0];
      onTheWayMs -= heardAtMs.length * 20;
      for (let wanted = mouth.framesWanted(nowMs); wanted > 0 && leftMs > 0; wanted--) {
        mouth.write(new Int16Array(FRAME_SAMPLES), MOUTH_SAMPLE_RATE);
        leftMs -= 20;
        onTheWayMs += 20;
        if (leftMs === 0) mouth.flush();
      }
      page.tick20Ms();
      await clock.advance(20);
    }
    return { unheardMs: leftMs + onTheWayMs, firstHeardAtMs };
  }
  return { clock, encoder, page, mouth, say };
}

describe('the tutor’s voice on its way over the socket', { timeout: 60_000 }, () => {
  for (const wayMs of [1, 150, 300]) {
    it(`plays without a gap at the end of a way of ${wayMs} ms, one answer after the other`, async () => {
      const { page, say, clock } = scene({ wayMs });
      for (let answer = 1; answer <= 3; answer++) {
        assert.equal((await say(3_000)).unheardMs, 0);
        assert.equal(page.beginnings, answer);
        for (let slot = 0; slot < 50; slot++) {
          page.tick20Ms();
          await clock.advance(20);
        }
      }
    });
  }

  it('outlasts a stumble of half a second, and has one gap of a longer one', async () => {
    for (const [stumbleMs, beginnings] of [
      [500, 1],
      [1_500, 2],
    ] as const) {
      const { page, say, clock } = scene({ wayMs: 50 });
      const stumble = (atMs: number): void => {
        if (atMs === 1_500) page.stumblesUntilMs = clock.monotonicMs() + stumbleMs;
      };
      assert.equal((await say(6_000, { inEachSlot: stumble })).unheardMs, 0);
      assert.equal(page.beginnings, beginnings, `in a stumble of ${stumbleMs} ms`);
    }
  });

  it('counts nothing as heard before a page that begins late has begun', async () => {
    const { page, say } = scene({ wayMs: 600 });
    const { firstHeardAtMs = 0 } = await say(1_000);
    const { beganAtMs = Infinity } = page;
    assert.ok(beganAtMs > 600 && firstHeardAtMs >= beganAtMs, `heard at ${firstHeardAtMs}, begun at ${beganAtMs} ms`);
  });

  it('counts nothing as heard when a pause ends before the page has begun', async () => {
    const { page, mouth, say } = scene({ wayMs: 600 });
    const pauseAndGoOn = (atMs: number): void => {
      if (atMs === 100) mouth.pause();
      if (atMs === 300) mouth.resume();
    };
    const { firstHeardAtMs = 0 } = await say(1_000, { inEachSlot: pauseAndGoOn });
    const { beganAtMs = Infinity } = page;
    assert.ok(firstHeardAtMs >= beganAtMs, `heard at ${firstHeardAtMs}, begun at ${beganAtMs} ms`);
  });

  it('goes on speaking when what the page said crosses a drop on its way', async () => {
    const { page, mouth, say, clock } = scene({ wayMs: 300 });
    await say(60_000, { forMs: 1_700 });
    const crossing = page.playedMs;
    for (let slot = 0; slot < 200; slot++) {
      mouth.framesHeard(clock.monotonicMs());
      for (let wanted = mouth.framesWanted(clock.monotonicMs()); wanted > 0; wanted--)
        mouth.write(new Int16Array(FRAME_SAMPLES), MOUTH_SAMPLE_RATE);
      await clock.advance(20);
    }
    mouth.drop();
    mouth.report(crossing);
    await clock.advance(1_000);
    assert.equal((await say(3_000)).unheardMs, 0);
  });

  it('counts as the page counts, however often it was interrupted', async () => {
    const { page, say, clock, encoder, mouth } = scene({ wayMs: 20 });
    for (let answer = 0; answer < 10; answer++) {
      await say(4_000, { forMs: 500 + answer * 20 });
      mouth.pause();
      await clock.advance(100);
      mouth.drop();
      await clock.advance(100);
    }
    const before = page.beginnings;
    assert.equal((await say(3_000)).unheardMs, 0);
    assert.equal(page.beginnings, before + 1);
    assert.equal(page.receivedBytes, encoder.bytesGiven());
  });
});
