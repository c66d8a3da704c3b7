import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { createTone } from '../../testing/engines/scripted-text-to-speech.ts';
import { hostileFiles, soundFile, type SoundFormat } from '../../testing/hostile-media.ts';
import { childrenOf, eventually, isGone, processName } from '../../testing/process-tree.ts';
import { programFile } from '../../testing/program-file.ts';
import { type AudioDecoder, createTranscoder, type DecodeOptions, type Transcoder } from './transcoder.ts';

function open(t: TestContext, options: { ffmpegBin?: string; limits?: { maxProcesses: number } } = {}): Transcoder {
  const transcoder = createTranscoder({ ...options, log: createSilentLogger(), clock: systemClock });
  t.after(() => transcoder.close());
  return transcoder;
}

const never = new AbortController().signal;

interface Decoded {
  readonly frames: Int16Array[];
  readonly code: string | undefined;
}

/** Writes all of it in pieces and reads all of it; the writer's failure must be the reader's. */
async function decode(
  transcoder: Transcoder,
  bytes: Uint8Array,
  options: Partial<DecodeOptions> & { pieceBytes?: number } = {},
): Promise<Decoded> {
  const { pieceBytes = 8_192, ...others } = options;
  const decoder = transcoder.decode({ container: 'auto', signal: never, ...others });
  const [written, read] = await Promise.all([writeAll(decoder, bytes, pieceBytes), readAll(decoder)]);
  if (written !== undefined) assert.equal(written, read.code);
  return read;
}

async function writeAll(decoder: AudioDecoder, bytes: Uint8Array, pieceBytes: number): Promise<string | undefined> {
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) await decoder.write(bytes.subarray(at, at + pieceBytes));
    decoder.end();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

async function readAll(decoder: AudioDecoder): Promise<Decoded> {
  const frames: Int16Array[] = [];
  try {
    for await (const frame of decoder.frames) frames.push(frame);
    return { frames, code: undefined };
  } catch (error) {
    return { frames, code: codeOf(error) };
  }
}

function codeOf(error: unknown): string {
  assert.ok(error instanceof AppError, String(error));
  return error.code;
}

/** How often a sound crosses zero in a second: twice its frequency. */
function pitch(frames: readonly Int16Array[]): number {
  const samples = frames.flatMap((frame) => [...frame]);
  const middle = samples.slice(samples.length / 4, (samples.length * 3) / 4);
  const crossings = middle.filter((sample, index) => index > 0 && sample >= 0 !== middle[index - 1]! >= 0).length;
  return (crossings / middle.length) * 8_000;
}

/** A box of MP4 with so many bytes in it. */
function box(type: string, bytes: number): Buffer {
  const made = Buffer.alloc(8 + bytes);
  made.writeUInt32BE(made.length, 0);
  made.write(type, 4, 'latin1');
  return made;
}

describe('decoding', { timeout: 300_000 }, () => {
  const tone = createTone({ sampleRate: 16_000, durationMs: 1_500, frequency: 500 });
  const formats: readonly SoundFormat[] = ['webm', 'ogg', 'mp3', 'wav', 'm4a', 'fragments'];

  for (const format of formats) {
    it(`gives 20 ms frames of ${format}, whatever the pieces it comes in`, async (t) => {
      const transcoder = open(t);
      const bytes = await soundFile(tone, format);
      for (const pieceBytes of [997, bytes.length]) {
        const { frames, code } = await decode(transcoder, bytes, { pieceBytes });
        assert.equal(code, undefined);
        assert.ok(frames.every(({ length }) => length === 320));
        assert.ok(Math.abs(frames.length - 75) <= 6, `${frames.length} frames of 1.5 s`);
        assert.ok(Math.abs(pitch(frames) - 500) < 10, `500 Hz came out as ${pitch(frames)}`);
      }
      assert.equal(transcoder.size, 0);
    });
  }

  it('gives sound while more is still to come', async (t) => {
    const transcoder = open(t);
    const bytes = await soundFile(tone, 'ogg');
    const decoder = transcoder.decode({ container: 'ogg', signal: never });
    await decoder.write(bytes.subarray(0, bytes.length * 0.9));
    const first = await decoder.frames[Symbol.asyncIterator]().next();
    assert.equal(first.done, false);
    await decoder.close();
  });

  it('refuses each hostile file with its own code, hears the others, and leaves no process behind', async (t) => {
    const transcoder = open(t);
    const outcomes: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const { name, bytes, outcome } of await hostileFiles()) {
      const limits = { maxBytes: 5_000_000, maxDurationMs: 60_000 };
      const { frames, code } = await decode(transcoder, bytes, { limits, pieceBytes: 65_536 });
      outcomes[name] = code ?? (frames.length > 0 ? 'heard' : 'silent');
      expected[name] = outcome;
    }
    assert.deepEqual(outcomes, expected);
    await eventually('all processes are gone', () => childrenOf(process.pid).length === 0);
  });

  it('holds a format to what was announced', async (t) => {
    const transcoder = open(t);
    const ogg = await soundFile(tone, 'ogg');
    assert.equal((await decode(transcoder, ogg, { container: 'webm' })).code, 'audio_container_mismatch');
    assert.equal((await decode(transcoder, ogg, { container: 'ogg' })).code, undefined);
  });

  it('kills what works for too long, and what does nothing', async (t) => {
    const wav = await soundFile(tone, 'wav');
    const busy = open(t, { ffmpegBin: await programFile(t, 'while :; do :; done') });
    assert.equal((await decode(busy, wav, { limits: { cpuSeconds: 1 } })).code, 'audio_too_costly');
    const idle = open(t, { ffmpegBin: await programFile(t, 'exec sleep 60') });
    assert.equal((await decode(idle, wav, { limits: { stallMs: 200 } })).code, 'audio_too_costly');
    const greedy = open(t, { ffmpegBin: await programFile(t, 'echo "x: Cannot allocate memory" >&2; exit 1') });
    assert.equal((await decode(greedy, wav)).code, 'audio_too_costly');
    await eventually('all processes are gone', () => childrenOf(process.pid).length === 0);
  });

  it('lets its process neither write a file nor open many', async (t) => {
    const limits = '$(ulimit -f) $(ulimit -n) $(ulimit -c) $(ulimit -d) $(ulimit -t)';
    const bin = await programFile(t, `printf '%-640s' "${limits}"`);
    const { frames } = await decode(open(t, { ffmpegBin: bin }), await soundFile(tone, 'wav'));
    const kilobytes = (256 * 1024 * 1024) / 1024;
    assert.equal(Buffer.from(frames[0]!.buffer).toString('latin1').trim(), `0 64 0 ${kilobytes} 11`);
  });

  it('says that it is not there when ffmpeg is not, and takes no more than it may', async (t) => {
    const wav = await soundFile(tone, 'wav');
    assert.equal((await decode(open(t, { ffmpegBin: '/nowhere/ffmpeg' }), wav)).code, 'transcoder_unavailable');
    const small = open(t, { limits: { maxProcesses: 1 } });
    const first = small.decode({ container: 'wav', signal: never });
    assert.throws(() => small.decode({ container: 'wav', signal: never }), { code: 'transcoder_unavailable' });
    await first.close();
    assert.equal((await decode(small, wav)).code, undefined);
    await small.close();
    assert.throws(() => small.decode({ container: 'wav', signal: never }), { code: 'transcoder_unavailable' });
  });

  it('takes an index that comes in any pieces, and keeps no more without one than it may', async (t) => {
    const transcoder = open(t);
    const boxes = (count: number) => Buffer.concat(Array.from({ length: count }, () => box('free', 0)));
    const [m4a, fragments] = await Promise.all([soundFile(tone, 'm4a'), soundFile(tone, 'fragments')]);
    const padded = Buffer.concat([fragments.subarray(0, 28), boxes(3), fragments.subarray(28)]);
    assert.equal(fragments.readUInt32BE(0), 28, 'the first box ends there');
    for (const [name, bytes] of Object.entries({ m4a, fragments, padded })) {
      for (const pieceBytes of [1, 7, 4_096]) {
        const { frames, code } = await decode(transcoder, bytes, { pieceBytes });
        assert.deepEqual([code, Math.abs(frames.length - 75) <= 6], [undefined, true], `${name} in ${pieceBytes}`);
      }
    }
    const limits = { maxHeldBytes: 4_096 };
    const endless = Buffer.concat([fragments.subarray(0, 28), boxes(10_000)]);
    assert.equal((await decode(transcoder, m4a, { limits })).code, 'audio_unreadable');
    assert.equal((await decode(transcoder, endless, { limits })).code, 'audio_unreadable');
    assert.equal((await decode(transcoder, fragments, { limits })).code, undefined);
  });

  it('leaves no process behind when its own is killed, however busy or deaf that one is', async (t) => {
    const bin = await programFile(t, 'while :; do sleep 0.05; done');
    const source = `
      import { createTranscoder } from ${JSON.stringify(import.meta.resolve('./transcoder.ts'))};
      import { systemClock } from ${JSON.stringify(import.meta.resolve('../../platform/clock.ts'))};
      import { createSilentLogger } from ${JSON.stringify(import.meta.resolve('../../platform/log.ts'))};
      const transcoder = createTranscoder({
        ffmpegBin: ${JSON.stringify(bin)}, log: createSilentLogger(), clock: systemClock,
      });
      const signal = new AbortController().signal;
      transcoder.decode({ container: 'wav', signal });
      transcoder.encodeMp3({ sampleRate: 24_000, signal });
      setInterval(() => {}, 1_000);
    `;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: 'ignore' });
    t.after(() => owner.kill('SIGKILL'));
    let converters: readonly number[] = [];
    await eventually('both work', () => {
      converters = childrenOf(owner.pid!).filter((pid) => processName(pid) === 'program');
      return converters.length === 2;
    });
    owner.kill('SIGKILL');
    await eventually('both are gone', () => converters.every(isGone));
  });

  it('waits as long as it must for whoever sends nothing for a while', async (t) => {
    const clock = new FakeClock();
    const transcoder = createTranscoder({ log: createSilentLogger(), clock });
    t.after(() => transcoder.close());
    const decoder = transcoder.decode({ container: 'webm', signal: never });
    const webm = await soundFile(tone, 'webm');
    await decoder.write(webm.subarray(0, webm.length / 2));
    const frames = decoder.frames[Symbol.asyncIterator]();
    assert.equal((await frames.next()).value?.length, 320);
    await clock.advance(3_600_000);
    await decoder.write(webm.subarray(webm.length / 2));
    decoder.end();
    let more = 0;
    for (let next = await frames.next(); !next.done; next = await frames.next()) more += 1;
    assert.ok(more > 50, `${more} frames after the first`);
  });

  it('ends with its signal, in the middle of a file', async (t) => {
    const transcoder = open(t);
    const stop = new AbortController();
    const decoder = transcoder.decode({ container: 'webm', signal: stop.signal });
    await decoder.write((await soundFile(tone, 'webm')).subarray(0, 500));
    const reading = readAll(decoder);
    stop.abort();
    assert.deepEqual(await reading, { frames: [], code: undefined });
    await decoder.write(new Uint8Array(10));
    await eventually('the process is gone', () => childrenOf(process.pid).length === 0 && transcoder.size === 0);
  });
});

describe('encoding to MP3', { timeout: 300_000 }, () => {
  it('gives sound at once, and all of it', async (t) => {
    const transcoder = open(t);
    const encoder = transcoder.encodeMp3({ sampleRate: 22_050, signal: never });
    const chunks = encoder.chunks[Symbol.asyncIterator]();
    const tone = createTone({ sampleRate: 22_050, durationMs: 200, frequency: 500 });
    await encoder.write(tone);
    // Nothing more is written until it comes.
    const parts = [(await chunks.next()).value as Uint8Array];
    for (let times = 0; times < 4; times++) await encoder.write(tone);
    encoder.end();
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) parts.push(next.value);
    const { frames } = await decode(transcoder, Buffer.concat(parts), { container: 'mp3' });
    assert.ok(Math.abs(frames.length - 50) <= 6, `${frames.length} frames of a second`);
    assert.ok(Math.abs(pitch(frames) - 500) < 10);
  });

  it('fails when ffmpeg does', async (t) => {
    const transcoder = open(t, { ffmpegBin: await programFile(t, 'exit 3') });
    const encoder = transcoder.encodeMp3({ sampleRate: 16_000, signal: never });
    await assert.rejects(encoder.chunks[Symbol.asyncIterator]().next(), { code: 'transcoder_unavailable' });
    await encoder.write(new Int16Array(100_000));
  });
});
