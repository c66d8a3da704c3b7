import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { fc } from '../../testing/properties.ts';

import { systemClock } from '../../platform/clock.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { EventReader } from '../../testing/conformance/event-reader.ts';
import { testSpeechToText } from '../../testing/conformance/speech-to-text.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { fliteVoice } from '../../testing/flite-voice.ts';
import { childrenOf, eventually, isGone, processName } from '../../testing/process-tree.ts';
import { programFile } from '../../testing/program-file.ts';
import { PATIENT_RECOGNIZER, recognizerProgram } from '../../testing/recognizer-program.ts';
import { ENGINE_FRAME_SAMPLES, type TranscriptionEvent, type TranscriptionStream } from '../engine.ts';
import { encodeFrame } from './decoder-protocol.ts';
import { DecoderServer } from './decoder-server.ts';
import { createPocketSphinx, type PocketSphinx, type PocketSphinxOptions } from './pocketsphinx.ts';

const program = recognizerProgram();
const log = createSilentLogger();
/** The longest utterance takes some ten seconds of a core, which others want too. */
const deadlineMs = PATIENT_RECOGNIZER.finalDeadlineMs;
const never = new AbortController().signal;

/** An engine for the time of a test, its socket in a folder of the test's own. */
async function createEngine(t: TestContext, options: Partial<PocketSphinxOptions> = {}): Promise<PocketSphinx> {
  const runtimeDirectory = await mkdtemp(path.join(tmpdir(), 'hears-'));
  const settings = { ...PATIENT_RECOGNIZER, ...options };
  const engine = createPocketSphinx({ program, clock: systemClock, log, runtimeDirectory, ...settings });
  t.after(async () => {
    await engine.close();
    // Whatever went wrong, nothing is left behind.
    await eventually('the folder is empty', () => readdirSync(runtimeDirectory).length === 0);
    await rm(runtimeDirectory, { recursive: true });
  });
  return engine;
}

function open(engine: PocketSphinx): { stream: TranscriptionStream; reader: EventReader<TranscriptionEvent> } {
  const stream = engine.open({ language: 'en', signal: never });
  return { stream, reader: new EventReader(stream.events, deadlineMs) };
}

function say(stream: TranscriptionStream, samples: Int16Array): void {
  stream.startUtterance(0);
  for (let from = 0; from + ENGINE_FRAME_SAMPLES <= samples.length; from += ENGINE_FRAME_SAMPLES) {
    stream.write(samples.subarray(from, from + ENGINE_FRAME_SAMPLES));
  }
  stream.endUtterance();
}

/** The one error that ends a stream which cannot be opened. */
async function errorOf(engine: PocketSphinx) {
  const [event, ...more] = await open(engine).reader.rest();
  assert.ok(event?.type === 'error');
  assert.equal(more.length, 0);
  return event.error;
}

/** The fork servers that this process has started. */
function servers(): number[] {
  return childrenOf(process.pid).filter((pid) => processName(pid) === 'pocketsphinx-st');
}

let market: Int16Array;
before(async () => {
  market = await fliteVoice('Yesterday I went to the market with my mother.');
});

describe('PocketSphinx', () => {
  // A minute of speech is written at once, beside other tests: the decoder lags behind, and may.
  const engine = createPocketSphinx({ program, clock: systemClock, log, ...PATIENT_RECOGNIZER });
  after(() => engine.close());

  testSpeechToText(() => ({
    engine,
    language: 'en',
    utterance: market,
    speechStartsAtMs: 300,
    word: 'yesterday',
    deadlineMs,
  }));

  test('gives partials that grow into the final, without fillers', async () => {
    const { stream, reader } = open(engine);
    say(stream, market);
    const { text } = await reader.until('final');
    const partials = reader.seen.flatMap((event) => (event.type === 'partial' ? [event.text] : []));
    assert.ok(partials.length >= 3, partials.join(' | '));
    for (const shown of [...partials, text]) assert.doesNotMatch(shown, /[<>[\]()+]|\bi\b/);
    stream.close();
  });
});

describe('PocketSphinx, when it does not work', () => {
  const fails = async (t: TestContext, options: Partial<PocketSphinxOptions>, expected: object, message: RegExp) => {
    const { code, retryable, message: text } = await errorOf(await createEngine(t, options));
    assert.deepEqual({ code, retryable }, expected);
    assert.match(text, message);
  };
  const missing = { code: 'engine_program_missing', retryable: false };
  const failed = { code: 'engine_failed', retryable: true };

  test('says how to bring a missing program', (t) =>
    fails(t, { program: '/nowhere/pocketsphinx-stream' }, missing, /\.\/ailingva up/));

  test('says how to bring a missing model', (t) =>
    fails(t, { model: '/nowhere' }, missing, /apt-get install pocketsphinx-en-us/));

  test('reports a program that ends at once', async (t) =>
    fails(t, { program: await programFile(t, 'exit 1') }, failed, /ended/));

  test('reports a program of another version', async (t) => {
    const script = `echo '{"event":"ready","protocol":2}'; exec sleep 60`;
    await fails(t, { program: await programFile(t, script) }, failed, /version/);
  });

  test('does not wait for ever for a program that does not get ready', async (t) => {
    const script = await programFile(t, 'exec sleep 60');
    const timedOut = { code: 'engine_timed_out', retryable: true };
    await fails(t, { program: script, startDeadlineMs: 100 }, timedOut, /in time/);
  });

  test('a stream that has no decoder within its time fails; one that is given back serves the next', async (t) => {
    const clock = new FakeClock();
    const engine = await createEngine(t, { maxStreams: 2, openDeadlineMs: 10_000, clock });
    const [one, other] = [open(engine), open(engine)];
    for (const { stream, reader } of [one, other]) {
      say(stream, market);
      await reader.until('final');
    }
    const refused = errorOf(engine);
    await clock.advance(10_000);
    const { code, retryable } = await refused;
    assert.deepEqual([code, retryable], ['engine_timed_out', true]);
    one.stream.close();
    const next = open(engine);
    say(next.stream, market);
    await next.reader.until('final');
    other.stream.close();
    next.stream.close();
  });

  test('a final that does not come is an error', async (t) => {
    const engine = await createEngine(t, { finalDeadlineMs: 0 });
    const { stream, reader } = open(engine);
    stream.startUtterance(0);
    for (let i = 0; i < 20; i++) say(stream, market);
    const { error } = await reader.until('error');
    assert.deepEqual([error.code, error.retryable], ['engine_timed_out', true]);
  });

  test('a server that dies fails its streams, which may be tried again, and is started again', async (t) => {
    const engine = await createEngine(t);
    const dying = [open(engine), open(engine)];
    for (const { stream, reader } of dying) {
      say(stream, market);
      await reader.until('final');
    }
    const [pid] = servers();
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    for (const { reader } of dying) {
      const [event] = await reader.rest();
      assert.ok(event?.type === 'error' && event.error.retryable);
    }
    await eventually('our end of it is known', () => servers().length === 0);
    const { stream, reader } = open(engine);
    say(stream, market);
    assert.match((await reader.until('final')).text, /yesterday/);
    stream.close();
  });

  test('decoders that die cost their streams only', async (t) => {
    const engine = await createEngine(t);
    const { stream, reader } = open(engine);
    say(stream, market);
    await reader.until('final');
    const [server] = servers();
    assert.ok(server !== undefined);
    const killed = childrenOf(server);
    for (const decoder of killed) process.kill(decoder, 'SIGSEGV');
    const [event] = await reader.rest();
    assert.ok(event?.type === 'error' && event.error.retryable);
    stream.close();
    // The one in reserve died, too: until the server knows, it may give it to the next stream.
    await eventually('the dead are known', () => childrenOf(server).every((pid) => !killed.includes(pid)));
    const next = open(engine);
    say(next.stream, market);
    await next.reader.until('final');
    next.stream.close();
    assert.deepEqual(servers(), [server]);
  });

  test('a folder for temporary files that is too deep for a socket does not keep it from starting', async (t) => {
    const engine = await createEngine(t, { runtimeDirectory: path.join(tmpdir(), 'deep/'.repeat(20)) });
    await engine.start();
  });

  test('everything ends with the engine, and nothing is started after it', async (t) => {
    const engine = await createEngine(t);
    const { reader } = open(engine);
    await engine.start();
    const [server] = servers();
    assert.ok(server !== undefined);
    const decoders = childrenOf(server);
    await engine.close();
    await engine.close();
    await eventually('all of it is gone', () => [server, ...decoders].every(isGone));
    const last = await reader.rest();
    assert.ok(last.every((event) => event.type === 'error' && event.error.retryable));
    assert.equal((await errorOf(engine)).code, 'engine_unavailable');
  });

  test('the server ends with a process that is killed, and takes its folder along', async (t) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'hears-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const script = `
      import { createPocketSphinx } from ${JSON.stringify(new URL('pocketsphinx.ts', import.meta.url).href)};
      import { systemClock } from ${JSON.stringify(new URL('../../platform/clock.ts', import.meta.url).href)};
      import { createSilentLogger } from ${JSON.stringify(new URL('../../platform/log.ts', import.meta.url).href)};
      const [program, runtimeDirectory] = process.argv.slice(-2);
      await createPocketSphinx({ program, runtimeDirectory, clock: systemClock, log: createSilentLogger() }).start();
      console.log('started');
      setInterval(() => {}, 1_000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script, program, folder]);
    t.after(() => parent.kill('SIGKILL'));
    const { promise: started, resolve } = Promise.withResolvers<void>();
    parent.stdout.once('data', () => resolve());
    await started;
    assert.ok(parent.pid !== undefined);
    const [server] = childrenOf(parent.pid);
    assert.ok(server !== undefined && processName(server) === 'pocketsphinx-st');
    const all = [server, ...childrenOf(server)];
    assert.ok(all.length >= 3);
    parent.kill('SIGKILL');
    await eventually('the server and its decoders are gone', () => all.every(isGone));
    await eventually('the folder is empty', () => readdirSync(folder).length === 0);
  });
});

describe('pocketsphinx-stream', () => {
  const server = new DecoderServer({
    engine: 'local',
    program,
    runtimeDirectory: tmpdir(),
    maxStreams: 64,
    startDeadlineMs: deadlineMs,
    log,
  });
  before(() => server.start());
  after(() => server.close());

  /** Sends bytes and reads until the connection closes, or until so many lines have come. */
  async function talk(bytes: Uint8Array, options: { readonly lines?: number; readonly end?: boolean } = {}) {
    const socket = await server.connect();
    const lines: Record<string, unknown>[] = [];
    let text = '';
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const whole = text.split('\n');
      text = whole.pop() ?? '';
      for (const line of whole) lines.push(JSON.parse(line) as Record<string, unknown>);
      if (options.lines !== undefined && lines.length >= options.lines) resolve();
    });
    socket.on('close', () => resolve()).on('error', () => resolve());
    socket.write(bytes);
    if (options.end) socket.end();
    await promise;
    socket.destroy();
    return lines;
  }

  const refusals: Readonly<Record<string, { readonly bytes: Uint8Array; readonly code: string }>> = {
    'an unknown type': { bytes: Uint8Array.of(0x58, 0, 0, 0, 0), code: 'bad_frame' },
    'a payload that is too long': { bytes: Uint8Array.of(0x41, 0xff, 0xff, 0xff, 0xff), code: 'bad_frame' },
    'half a sample': {
      bytes: Buffer.concat([encodeFrame('S'), Uint8Array.of(0x41, 1, 0, 0, 0, 7)]),
      code: 'bad_frame',
    },
    'audio outside of an utterance': { bytes: encodeFrame('A', new Int16Array(320)), code: 'unexpected_frame' },
    'an end outside of an utterance': { bytes: encodeFrame('E'), code: 'unexpected_frame' },
    'a start within an utterance': {
      bytes: Buffer.concat([encodeFrame('S'), encodeFrame('S')]),
      code: 'unexpected_frame',
    },
  };
  for (const [what, { bytes, code }] of Object.entries(refusals)) {
    test(`refuses ${what}`, async () => {
      const lines = await talk(bytes);
      assert.deepEqual(
        lines.map(({ event, code: given }) => given ?? event),
        ['open', code],
      );
    });
  }

  test('survives any bytes, cut anywhere', async () => {
    const frames = fc.oneof(
      fc.constantFrom(encodeFrame('S'), encodeFrame('E'), encodeFrame('A', new Int16Array(320).fill(9_999))),
      fc.uint8Array({ maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(frames, { maxLength: 12 }), fc.nat(600), async (parts, cut) => {
        const bytes = Buffer.concat(parts);
        await talk(bytes.subarray(0, Math.max(0, bytes.length - cut)), { end: true });
      }),
      { numRuns: 60 },
    );
    const [first, ...rest] = await talk(Buffer.concat([encodeFrame('S'), encodeFrame('E')]), { lines: 2 });
    assert.deepEqual([first?.['event'], rest[0]?.['event']], ['open', 'final']);
  });

  test('survives loud noise, clipping and a constant', async () => {
    const noise = Int16Array.from({ length: 32_000 }, (_, i) => ((i * 7_919) % 65_536) - 32_768);
    const clipped = Int16Array.from({ length: 32_000 }, (_, i) => (i % 80 < 40 ? 32_767 : -32_768));
    for (const samples of [noise, clipped, new Int16Array(32_000).fill(32_767), new Int16Array(32_000)]) {
      const lines = await talk(
        Buffer.concat([encodeFrame('S'), encodeFrame('A', samples.subarray(0, 32_000)), encodeFrame('E')]),
        { lines: 2 },
      );
      assert.ok(lines.some(({ event }) => event === 'final' || event === 'partial'));
    }
  });
});
