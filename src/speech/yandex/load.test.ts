import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { createCodedSpeech } from '../../testing/yandex/coded-speech.ts';
import { connectYandex, sayTo } from '../../testing/yandex/connected-yandex.ts';
import { CountingClock } from '../../testing/yandex/counting-clock.ts';

const speech = createCodedSpeech(['one', 'two', 'three']);
const STREAMS = 30;

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'it did not come about');
    await sleep(20);
  }
}

test('30 callers at once share one connection to each service, and leave neither streams nor timers', async (t) => {
  const clock = new CountingClock();
  const { server, yandex, listen } = await connectYandex(t, { server: { hear: speech.ear }, clock });
  const listeners = Array.from({ length: STREAMS }, () => listen());
  await Promise.all(
    listeners.map(async ({ stream, reader }, i) => {
      const words = ['one', 'two', 'three'].slice(i % 3);
      for (let turn = 0; turn < 3; turn++) {
        await sayTo(stream, speech.say(words));
        assert.equal((await reader.until('final')).text, words.join(' '));
        const spoken = yandex.textToSpeech.synthesize(
          { text: 'Good morning.', language: 'en', rate: 1 },
          new AbortController().signal,
        );
        let samples = 0;
        for await (const event of spoken) if (event.type === 'audio') samples += event.samples.length;
        assert.ok(samples > 0);
      }
      stream.close();
    }),
  );
  assert.equal(server.recognitions.length, STREAMS);
  assert.equal(server.syntheses.length, STREAMS * 3);
  assert.equal(server.connections, 2);
  assert.equal(clock.pending, 0);
  await until(() => server.recognitions.every(({ ended }) => ended));
});

test('more callers than a connection takes are all heard, over others, of which one stays when they go', async (t) => {
  const { server, listen } = await connectYandex(t, { server: { hear: speech.ear } });
  const listeners = Array.from({ length: 170 }, () => listen());
  await Promise.all(
    listeners.map(async ({ stream, reader }) => {
      await sayTo(stream, speech.say(['one']));
      assert.equal((await reader.until('final')).text, 'one');
    }),
  );
  assert.deepEqual([server.connections, server.openConnections], [3, 3]);
  for (const { stream } of listeners) stream.close();
  await until(() => server.openConnections === 2);
  const again = Array.from({ length: 110 }, () => listen());
  await sayTo(again[109]!.stream, speech.say(['two']));
  assert.equal((await again[109]!.reader.until('final')).text, 'two');
  assert.deepEqual([server.connections, server.openConnections], [3, 2], 'both are used again');
  for (const { stream } of again) stream.close();
});

test('what is open when the engines close ends with an error that may pass, and leaves nothing', async (t) => {
  const clock = new CountingClock();
  const { server, yandex, listen } = await connectYandex(t, { server: { hear: speech.ear, pace: 1 }, clock });
  const listening = listen();
  await sayTo(listening.stream, speech.say(['one']));
  await listening.reader.until('final');
  const { signal } = new AbortController();
  const spoken = yandex.textToSpeech.synthesize({ text: 'word '.repeat(30), language: 'en', rate: 1 }, signal);
  const sound = spoken[Symbol.asyncIterator]();
  await sound.next();
  await yandex.close();
  await yandex.close();
  const { error } = await listening.reader.until('error');
  assert.equal(error.retryable, true);
  await assert.rejects(async () => {
    while ((await sound.next()).done !== true) continue;
  }, /closed/);
  assert.equal(clock.pending, 0);
  await until(() => server.openConnections === 0);
});

test('a caller who hangs up anywhere leaves nothing', async (t) => {
  const clock = new CountingClock();
  const { server, listen } = await connectYandex(t, { server: { hear: speech.ear }, clock });
  const said = speech.say(['one', 'two', 'three']);
  for (const ending of [
    async () => undefined,
    async ({ stream }: ReturnType<typeof listen>) => stream.startUtterance(0),
    async ({ stream }: ReturnType<typeof listen>) => sayTo(stream, said),
    async ({ stream, reader }: ReturnType<typeof listen>) => {
      await sayTo(stream, said);
      await reader.until('partial');
    },
  ]) {
    const listening = listen();
    await ending(listening);
    listening.stream.close();
    assert.equal(clock.pending, 0);
  }
  await until(() => server.recognitions.every(({ ended }) => ended));
});
