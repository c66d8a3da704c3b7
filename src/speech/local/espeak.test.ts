import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { testTextToSpeech } from '../../testing/conformance/text-to-speech.ts';
import { EventReader } from '../../testing/conformance/event-reader.ts';
import { eventually, isGone } from '../../testing/process-tree.ts';
import { programFile } from '../../testing/program-file.ts';
import { EngineError, type SynthesisEvent } from '../engine.ts';
import { createEspeak, type Espeak, type EspeakOptions } from './espeak.ts';

const deadlineMs = 60_000;
const never = new AbortController().signal;
const request = { text: 'Good morning.', language: 'en', rate: 1 } as const;

async function speak(engine: Espeak, changes: object = {}): Promise<SynthesisEvent[]> {
  return new EventReader(engine.synthesize({ ...request, ...changes }, never), deadlineMs).rest();
}

function samplesOf(events: readonly SynthesisEvent[]): number[] {
  return events.flatMap((event) => (event.type === 'audio' ? [...event.samples] : []));
}

describe('eSpeak NG', () => {
  const engine = createEspeak({ deadlineMs });
  after(() => engine.close());

  testTextToSpeech(() => ({ engine, deadlineMs }));

  test('gives exactly the samples that the program writes behind its header', async () => {
    const args = ['--stdout', '-b', '1', '-v', 'en-us', '-s', '160', request.text];
    const options = { encoding: 'buffer', maxBuffer: 10_000_000 } as const;
    const { stdout } = await promisify(execFile)('espeak-ng', args, options);
    const expected = new Int16Array(Uint8Array.from(stdout.subarray(44)).buffer);
    const samples = samplesOf(await speak(engine));
    assert.equal(samples.length, expected.length);
    assert.ok(expected.every((sample, i) => sample === samples[i]));
  });

  test('takes a voice by name, and refuses what is no name', async () => {
    const [own, other] = [await speak(engine), await speak(engine, { voice: 'en-gb' })];
    assert.notEqual(samplesOf(own).join(), samplesOf(other).join());
    for (const voice of ['--path=/tmp', '../x', '', 'a b']) {
      await assert.rejects(speak(engine, { voice }), (error) => error instanceof EngineError && !error.retryable);
    }
  });

  test('refuses a text that was not split', async () => {
    await assert.rejects(
      speak(engine, { text: 'word '.repeat(1_000) }),
      (error) => error instanceof EngineError && error.code === 'engine_rejected',
    );
  });
});

describe('eSpeak NG, when it does not work', () => {
  const failsWith = async (options: EspeakOptions, code: string, retryable: boolean) => {
    const engine = createEspeak(options);
    try {
      await assert.rejects(speak(engine), (error) => {
        assert.ok(error instanceof EngineError);
        assert.equal(error.code, code);
        assert.equal(error.retryable, retryable);
        return true;
      });
    } finally {
      await engine.close();
    }
  };

  test('says how to bring a missing program', async () => {
    await failsWith({ program: '/nowhere/espeak-ng' }, 'engine_program_missing', false);
  });

  test('reports a program that fails', async (t) => {
    await failsWith({ program: await programFile(t, 'echo broken >&2; exit 3') }, 'engine_failed', true);
  });

  test('kills a program that takes too long', async (t) => {
    await failsWith({ program: await programFile(t, 'exec sleep 60'), deadlineMs: 100 }, 'engine_timed_out', true);
  });

  test('kills the program at once when the sentence is aborted, or the engine closed', async (t) => {
    const program = await programFile(t, 'echo $$ >> "$0.pids"; head -c 100000 /dev/zero; exec sleep 60');
    const engine = createEspeak({ program });
    t.after(() => engine.close());
    const abort = new AbortController();
    const aborted = new EventReader(engine.synthesize(request, abort.signal), deadlineMs);
    const closed = new EventReader(engine.synthesize(request, never), deadlineMs);
    await aborted.until('audio');
    await closed.until('audio');
    const pids = (await readFile(`${program}.pids`, 'utf8')).trim().split('\n').map(Number);
    assert.equal(pids.length, 2);

    abort.abort();
    assert.equal((await aborted.rest()).length, 0);
    await eventually('one program is gone', () => pids.filter(isGone).length === 1);
    await engine.close();
    // What had been made before may still be read; then it ends.
    await closed.rest();
    await eventually('both programs are gone', () => pids.every(isGone));
    assert.equal((await speak(engine)).length, 0);
  });

  test('runs no more programs at a time than it may', async (t) => {
    const program = await programFile(
      t,
      'mkdir "$0.running.$$"; ls -d "$0.running."* | wc -l >> "$0.counts"; sleep 0.05; rmdir "$0.running.$$"',
    );
    const engine = createEspeak({ program, concurrency: 2 });
    t.after(() => engine.close());
    await Promise.all(Array.from({ length: 8 }, () => speak(engine)));
    const counts = (await readFile(`${program}.counts`, 'utf8')).trim().split('\n').map(Number);
    assert.equal(counts.length, 8);
    assert.ok(Math.max(...counts) <= 2, counts.join(' '));
  });
});
