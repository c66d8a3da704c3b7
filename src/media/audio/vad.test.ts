import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { noise, sine } from './sounds.fixture.ts';
import { VoiceActivityDetector } from './vad.ts';
import type { VoiceEvent, VoiceSettings } from './voice-types.ts';

const SENTENCES = ['The weather is very nice today, is it not?', 'I would like a cup of tea, please.'];

/** A sentence of a flite voice; all of them speak 16 kHz mono but kal, which speaks 8. */
async function speak(text: string, voice: string): Promise<Int16Array> {
  const folder = await mkdtemp(path.join(tmpdir(), 'vad-'));
  try {
    const file = path.join(folder, 'speech.wav');
    await promisify(execFile)('flite', ['-voice', voice, '-t', text, '-o', file], { timeout: 120_000 });
    const wav = await readFile(file);
    return new Int16Array(Uint8Array.from(wav.subarray(44)).buffer, 0, (wav.length - 44) >> 1);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const silence = (samples: number) => new Int16Array(samples);

function join(...parts: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const mix = (a: Int16Array, b: Int16Array) => a.map((sample, index) => sample + (b[index] ?? 0));

/** First and last sample that are clearly sound, in a recording without noise. */
function extent(sound: Int16Array): [number, number] {
  return [sound.findIndex((sample) => Math.abs(sample) > 600), sound.findLastIndex((sample) => Math.abs(sample) > 600)];
}

/** Pauses within speech come and go; what counts here is where it starts and stops. */
const isTurn = ({ type }: VoiceEvent) => type === 'speech_started' || type === 'speech_stopped';

const places = (events: readonly VoiceEvent[]) => events.map(({ type, atSample }) => [type, atSample]);

describe('voice activity', () => {
  let detector: VoiceActivityDetector;
  before(async () => {
    detector = await VoiceActivityDetector.load();
  });
  after(() => detector.close());

  /** Writes in frames of 20 ms and flushes after each, as the pacer does, with all streams side by side. */
  async function listen(sounds: readonly Int16Array[], settings?: VoiceSettings): Promise<VoiceEvent[][]> {
    const events = sounds.map((): VoiceEvent[] => []);
    const streams = events.map((list) => detector.openStream((event) => isTurn(event) && list.push(event), settings));
    const end = Math.max(...sounds.map((sound) => sound.length));
    for (let at = 0; at + 320 <= end; at += 320) {
      streams.forEach((stream, index) => stream.write(sounds[index]!.subarray(at, at + 320)));
      detector.flush();
      // Every third frame, so that windows also wait for a run that is under way.
      if (at % 960 === 0) await detector.idle();
    }
    await detector.idle();
    for (const stream of streams) stream.close();
    return events;
  }

  test('speech is found where it is, by every voice, alone and in noise', async () => {
    const recordings: Int16Array[] = [];
    for (const voice of ['slt', 'rms', 'awb']) {
      for (const sentence of SENTENCES) recordings.push(await speak(sentence, voice));
    }
    const clean = recordings.map((speech) => join(silence(16_000), speech, silence(16_000)));
    const noisy = clean.map((sound, index) => mix(sound, noise(sound.length, 300, index + 1)));
    const heard = await listen([...clean, ...noisy]);
    heard.forEach((events, index) => {
      const [first, last] = extent(clean[index % clean.length]!);
      const started = events[0]!;
      const stopped = events.at(-1)!;
      assert.ok(started.type === 'speech_started' && stopped.type === 'speech_stopped', `recording ${index}`);
      assert.ok(Math.abs(started.atSample - first) < 16 * 200, `starts ${(started.atSample - first) / 16} ms after it`);
      assert.ok(Math.abs(stopped.atSample - last) < 16 * 300, `stops ${(stopped.atSample - last) / 16} ms after it`);
      events.forEach(({ type }, at) => assert.equal(type, at % 2 === 0 ? 'speech_started' : 'speech_stopped'));
    });
  });

  test('the prefix reaches from the last frame written back to 300 ms before the speech', async () => {
    const speech = await speak(SENTENCES[0]!, 'slt');
    let written = 0;
    const found: { event: VoiceEvent; written: number }[] = [];
    const stream = detector.openStream((event) => found.push({ event, written }));
    const sound = join(silence(16_000), speech);
    for (let at = 0; at + 320 <= sound.length && found.length === 0; at += 320) {
      stream.write(sound.subarray(at, at + 320));
      written += 320;
      await detector.idle();
    }
    stream.close();
    const { event } = found[0]!;
    assert.ok(event.type === 'speech_started');
    assert.equal(event.atSample % 512, 0);
    assert.equal(found[0]!.written - event.prefixSamples, event.atSample - 4_800);
  });

  test('noise, hum, clicks and silence are no speech', async () => {
    const second = 16_000;
    const clicks = silence(5 * second);
    for (let at = 0; at < clicks.length; at += 4_000) clicks.fill(30_000, at, at + 8);
    const heard = await listen([
      noise(5 * second, 6_000),
      noise(5 * second, 300),
      mix(sine(5 * second, second, 50, 6_000), sine(5 * second, second, 100, 3_000)),
      clicks,
      silence(5 * second),
    ]);
    assert.deepEqual(heard, [[], [], [], [], []]);
  });

  test('streams in one batch do not hear each other: together they give what each gives alone', async () => {
    const [a, b] = [await speak(SENTENCES[0]!, 'slt'), await speak(SENTENCES[1]!, 'rms')];
    const sounds = [
      join(silence(8_000), a, silence(8_000)),
      join(b, silence(16_000)),
      noise(40_000, 3_000),
      join(a, b),
    ];
    const together = await listen(sounds);
    for (const [index, sound] of sounds.entries()) {
      const [alone] = await listen([sound]);
      assert.deepEqual(places(together[index]!), places(alone!));
    }
    assert.ok(together[0]!.length >= 2 && together[2]!.length === 0);
  });

  test('a long silence, which passes the model by, does not change what is found after it', async () => {
    const speech = await speak(SENTENCES[1]!, 'awb');
    const lead = 512 * 60;
    // The same speech after two seconds that are skipped, and after two of the faintest noise, which are not.
    const [skipped, heard] = await listen([
      join(speech, silence(lead), speech, silence(16_000)),
      join(speech, noise(lead, 20), speech, silence(16_000)),
    ]);
    const second = (events: readonly VoiceEvent[]) =>
      events.find(({ atSample }) => atSample > speech.length + lead / 2)!;
    assert.equal(second(skipped!).type, 'speech_started');
    assert.ok(Math.abs(second(skipped!).atSample - second(heard!).atSample) <= 512);
  });

  test('more streams than one run takes are all served', async () => {
    const speech = join(await speak(SENTENCES[1]!, 'slt'), silence(16_000));
    const heard = await listen(Array.from({ length: 40 }, () => speech.subarray(0, 24_000)));
    for (const events of heard) assert.deepEqual(events, heard[0]);
    assert.equal(heard[0]![0]!.type, 'speech_started');
  });

  test('after close no event comes, and a stream that is written too much does not grow', async () => {
    const events: VoiceEvent[] = [];
    const stream = detector.openStream((event) => events.push(event));
    const speech = await speak(SENTENCES[0]!, 'slt');
    stream.write(join(speech, speech, speech));
    detector.flush();
    stream.close();
    stream.close();
    stream.write(speech);
    await detector.idle();
    assert.deepEqual(events, []);
  });
});
