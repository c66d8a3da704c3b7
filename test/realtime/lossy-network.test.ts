import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { carriesCopy } from '../../src/media/audio/opus-packet.ts';
import type { MicrophoneStats } from '../../src/media/audio/microphone.ts';
import { energy, vowel } from '../../src/media/audio/sounds.fixture.ts';
import type { SpeechToText } from '../../src/speech/engine.ts';
import { within } from '../../src/testing/caller/deadline.ts';
import { encodeFrames } from '../../src/testing/caller/opus-recording.ts';
import { TestCaller } from '../../src/testing/caller/test-caller.ts';
import { createScriptedSpeechToText } from '../../src/testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech } from '../../src/testing/engines/scripted-text-to-speech.ts';
import { createScriptedTutor } from '../../src/testing/engines/scripted-tutor.ts';
import { startTestMediaNode } from '../../src/testing/media-node.ts';
import { LossyRelay, type LossyRelayOptions } from '../../src/testing/network/lossy-relay.ts';
import { undisturbed } from '../../src/testing/undisturbed.ts';

const SECONDS = 5;
const sound = vowel(SECONDS * 16_000, 16_000);
const spoken = encodeFrames(sound, 16_000, 20);
const loudness = energy(sound);

/** Keeps every frame that the engine would hear. */
class Tape {
  readonly energies: number[] = [];
  #wanted = { frames: Number.POSITIVE_INFINITY, resolve: () => {} };

  write(frame: Int16Array): void {
    this.energies.push(energy(frame));
    if (this.energies.length >= this.#wanted.frames) this.#wanted.resolve();
  }

  /** Resolves when so many more frames have been heard: the call's own clock. */
  async more(frames: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = { frames: this.energies.length + frames, resolve };
    await within(promise, 20 * frames + 10_000, `${frames} frames`);
  }

  /** Frames from `from` on that are about as loud as what was said. */
  loud(from = 0): number {
    return this.energies.slice(from).filter((level) => level > loudness / 10).length;
  }

  recording(engine: SpeechToText): SpeechToText {
    return {
      ...engine,
      open: (options) => {
        const stream = engine.open(options);
        return {
          events: stream.events,
          startUtterance: (prefixMs) => stream.startUtterance(prefixMs),
          endUtterance: () => stream.endUtterance(),
          close: () => stream.close(),
          write: (frame) => {
            this.write(frame);
            stream.write(frame);
          },
        };
      },
    };
  }
}

interface SetUp extends Omit<LossyRelayOptions, 'serverPort'> {
  readonly nack?: boolean;
  readonly greeting?: string;
  readonly addon?: boolean;
}

/** A call to a real node by way of a relay, in the middle of which nobody but this test has its hands. */
async function callThroughRelay(context: TestContext, { nack = false, greeting = 'Hi.', addon = true, ...bad }: SetUp) {
  const tape = new Tape();
  const lines: string[] = [];
  const node = await startTestMediaNode(context, {
    engines: {
      speechToText: tape.recording(createScriptedSpeechToText()),
      tutor: createScriptedTutor({ answers: [greeting] }),
      textToSpeech: createScriptedTextToSpeech(),
    },
    ...(addon && process.env['OPUS_ADDON'] && { opusAddonPath: process.env['OPUS_ADDON'] }),
    log: pino({ level: 'info' }, { write: (line) => void lines.push(line) }),
  });
  const relay = await LossyRelay.start({ serverPort: node.rtcPort, ...bad });
  context.after(() => relay.close());
  const { callId, token } = node.place();
  const { url, path } = node;
  const caller = await TestCaller.dial({ url, path, token, mediaPort: relay.port, nack });
  context.after(() => caller.close());
  return {
    relay,
    caller,
    tape,
    /** Ends the call in order; answers with what the microphone has counted. */
    hangUp: async (): Promise<MicrophoneStats> => {
      await caller.hangUp();
      assert.equal((await node.ending(callId)).reason, 'hang_up');
      const end = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'A call ended');
      assert.equal(end.media.microphone.framesEmitted, tape.energies.length, 'one frame each 20 ms, all of them heard');
      const [worker] = await node.node.workers();
      assert.ok(worker, 'the worker lives');
      return end.media.microphone;
    },
  };
}

/** A call on its own network, and what becomes of its sound. */
function scene(name: string, play: (context: TestContext) => Promise<void>): void {
  it(name, (context) => undisturbed(context, () => play(context)));
}

describe('a call over a bad network', { timeout: 300_000, concurrency: 3 }, () => {
  scene('makes up for one packet in ten lost, most of them from the copies', async (context) => {
    const { caller, relay, tape, hangUp } = await callThroughRelay(context, { toServer: { lossPercent: 10 }, seed: 5 });
    await caller.speak(spoken);
    await tape.more(10);
    const { lost } = relay.counts.toServer;
    const stats = await hangUp();
    assert.ok(lost >= 15, `${lost} lost`);
    // The worker may drop what is broken, and the last losses may show with no packet after them.
    assert.ok(Math.abs(stats.packetsLost - lost) <= 3, `${stats.packetsLost} found lost of ${lost}`);
    assert.ok(stats.framesRecovered >= lost / 3, `${stats.framesRecovered} recovered of ${lost}`);
    assert.ok(stats.framesRecovered + stats.framesConcealed <= lost + 3);
    assert.ok(tape.loud() >= 0.85 * spoken.length, `${tape.loud()} frames of sound for ${spoken.length} said`);
  });

  scene('conceals what it cannot recover, without the addon', async (context) => {
    const setUp = { toServer: { lossPercent: 10 }, seed: 5, addon: false };
    const { caller, tape, hangUp } = await callThroughRelay(context, setUp);
    await caller.speak(spoken);
    await tape.more(10);
    const stats = await hangUp();
    assert.equal(stats.framesRecovered, 0);
    assert.ok(stats.framesConcealed > 0);
    assert.ok(tape.loud() >= 0.85 * spoken.length, `${tape.loud()} frames of sound for ${spoken.length} said`);
  });

  scene('puts back in order what comes in disorder, once what comes twice', async (context) => {
    const { caller, relay, tape, hangUp } = await callThroughRelay(context, {
      toServer: { jitterMs: 10, reorderPercent: 20, reorderMs: 30, duplicatePercent: 20 },
      seed: 3,
    });
    await caller.speak(spoken);
    await tape.more(10);
    const { duplicated, lost } = relay.counts.toServer;
    const stats = await hangUp();
    assert.ok(duplicated > 30 && lost === 0);
    // Encrypted copies end in the worker: it takes them for replayed ones.
    assert.equal(stats.packetsReceived - stats.packetsDuplicate, caller.framesSent);
    assert.ok(stats.packetsLost <= 0.05 * spoken.length, `${stats.packetsLost} too late`);
    assert.ok(tape.loud() >= 0.9 * spoken.length, `${tape.loud()} frames of sound for ${spoken.length} said`);
  });

  scene('lives through three seconds without any packet, and hears again after them', async (context) => {
    const { caller, relay, tape, hangUp } = await callThroughRelay(context, {});
    caller.speakForEver(spoken);
    await tape.more(50);
    relay.cut();
    await tape.more(150);
    relay.mend();
    const before = tape.energies.length;
    await tape.more(100);
    assert.ok(tape.loud(before) >= 60, `${tape.loud(before)} of 100 frames`);
    assert.ok(!caller.signaling.events.some(({ name }) => name === 'call:ended'));
    const stats = await hangUp();
    assert.ok(relay.counts.toServer.cut >= 100);
    // 60 ms are concealed; the rest is silence, and nothing is made up.
    assert.ok(stats.framesStarved >= 100, `${stats.framesStarved} starved`);
  });

  scene('gets most of what is lost on the way in when it asks for it again', async (context) => {
    const setUp = { toServer: { lossPercent: 10 }, seed: 5, nack: true };
    const { caller, relay, tape, hangUp } = await callThroughRelay(context, setUp);
    await caller.speak(spoken);
    await tape.more(20);
    const { lost, media } = relay.counts.toServer;
    const stats = await hangUp();
    assert.ok(media > caller.framesSent, 'nothing was sent again');
    assert.ok(stats.packetsLost - stats.packetsLate <= lost / 2, `${stats.packetsLost} lost in the end of ${lost}`);
  });

  scene("sends the tutor's voice with copies, and sends again what the page asks for", async (context) => {
    const greeting = 'This is a greeting that takes its time, because we want to hear how well it gets through.';
    const { caller, relay, hangUp } = await callThroughRelay(context, {
      toCaller: { lossPercent: 20 },
      seed: 8,
      nack: true,
      greeting,
    });
    await caller.hear(120);
    const { packets, summary } = caller.received;
    const { lost } = relay.counts.toCaller;
    await hangUp();
    assert.ok(lost >= 15, `${lost} lost`);
    assert.ok(summary.lost <= lost / 3, `${summary.lost} missing of ${lost} lost`);
    const copies = packets.filter(({ payload }) => carriesCopy(payload)).length;
    assert.ok(copies >= packets.length / 3, `${copies} copies in ${packets.length} packets`);
  });
});
