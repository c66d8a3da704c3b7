import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SlotSound } from '../../src/media/audio/slot-sound.ts';
import { loadOpus } from '../../src/media/audio/opus.ts';
import { CallRecorder } from '../../src/media/recording/call-recorder.ts';
import { createFolderStore } from '../../src/media/recording/folder-store.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { loadSpeech } from '../reply/speech.ts';

export interface RecordingFigures {
  /** Of one core, for a call in which one side or the other always speaks. */
  readonly percentOfCore: number;
  readonly kilobytesPerMinute: number;
}

/** Three seconds each. */
const TURN_SLOTS = 150;

/** What it costs to write so many calls to files: of the packets themselves (WebRTC), or of samples (the socket). */
export async function measureRecording(
  of: 'packets' | 'samples',
  calls: number,
  seconds: number,
): Promise<RecordingFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ailingva-recording-'));
  try {
    const addonPath = process.env['OPUS_ADDON'];
    const codec = loadOpus({ ...(addonPath !== undefined && { addonPath }) });
    const store = createFolderStore({ folder });
    const packets = await loadSpeech();
    const sounds = (of === 'packets' ? packets.map(asPacket) : noise(50)) satisfies readonly SlotSound[];
    const pause: SlotSound = of === 'packets' ? { kind: 'silence' } : quiet;
    const recorders = await Promise.all(
      Array.from(
        { length: calls },
        async (_, index) =>
          new CallRecorder({
            codec,
            writer: await store.create(`bench/${index}.ogg`),
            onFinished: async () => {},
            log: createSilentLogger(),
          }),
      ),
    );
    const before = process.cpuUsage();
    for (let slot = 0; slot < seconds * 50; slot++) {
      for (const recorder of recorders) {
        recorder.advance(slot * 20);
        const sound = sounds[slot % sounds.length]!;
        const tutorSpeaks = slot % (2 * TURN_SLOTS) < TURN_SLOTS;
        if (tutorSpeaks) recorder.tutor(slot * 20, sound);
        recorder.learner(slot * 20 - 80, tutorSpeaks ? pause : sound);
      }
      // The files are written beside the calls, a page a second.
      if (slot % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(recorders.map((recorder) => recorder.close()));
    const { user, system } = process.cpuUsage(before);
    const { size } = await stat(path.join(folder, 'bench/0.ogg'));
    return {
      percentOfCore: ((user + system) / 1e6 / calls / seconds) * 100,
      kilobytesPerMinute: (size / 1_000 / seconds) * 60,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const quiet: SlotSound = { kind: 'samples', samples: new Int16Array(320).fill(20), sampleRate: 16_000 };

function asPacket(packet: Uint8Array): SlotSound {
  return { kind: 'packet', packet };
}

function noise(frames: number): SlotSound[] {
  return Array.from({ length: frames }, () => ({
    kind: 'samples',
    samples: Int16Array.from({ length: 320 }, () => Math.round((Math.random() - 0.5) * 8_000)),
    sampleRate: 16_000,
  }));
}
