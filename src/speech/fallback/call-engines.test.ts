import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import { createSilentLogger } from '../../platform/log.ts';
import { createScriptedSpeechToText } from '../../testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech } from '../../testing/engines/scripted-text-to-speech.ts';
import { createScriptedTutor } from '../../testing/engines/scripted-tutor.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { PricedUse, Tutor } from '../engine.ts';
import { createFallback } from './call-engines.ts';
import { defaultFallbackLimits } from './fallback-context.ts';
import { pricesSetting } from './prices.ts';

it('gives each call the limits and the prices of its beginning, and all of them the same breakers', async () => {
  const clock = new FakeClock();
  const fallback = createFallback({ clock, log: createSilentLogger(), metrics: new Registry() });
  let asked = 0;
  const mute: Tutor = {
    name: 'mute',
    capabilities: { languages: ['en'] },
    async *reply() {
      asked += 1;
      await new Promise(() => {});
      yield { type: 'text', delta: '' };
    },
  };
  const prices = pricesSetting.schema.parse({
    ...pricesSetting.fallback,
    tutor: { sage: { input: 1_000_000, cached_input: 0, output: 0 } },
  });
  const usage = { inputTokens: 1_000_000, outputTokens: 1 };
  const call = (firstResultMs: number) => {
    const sage = createScriptedTutor({
      name: 'sage',
      answers: [
        {
          events: [
            { type: 'text', delta: 'Well.' },
            { type: 'usage', usage },
          ],
        },
      ],
    });
    const engines = fallback.forCall(
      {
        speechToSpeech: [],
        speechToText: [createScriptedSpeechToText({})],
        tutors: [mute, sage],
        textToSpeech: [createScriptedTextToSpeech({})],
      },
      { prices, limits: { ...defaultFallbackLimits, firstResultMs } },
      createSilentLogger(),
    );
    const uses: PricedUse[] = [];
    const changes: string[] = [];
    engines.listen({ onUse: (use) => uses.push(use), onChange: ({ from, to }) => changes.push(`${from} to ${to}`) });
    return { engines, uses, changes };
  };
  const ask = async ({ engines }: ReturnType<typeof call>, waitMs: number): Promise<string> => {
    const request = { occasion: 'turn', heard: 'hello', history: [], memory: undefined, language: 'en' } as const;
    const { signal } = new AbortController();
    let text = '';
    const answered = (async () => {
      const answer = engines.tutor.reply({ ...request, level: 'beginner', instructions: '' }, signal);
      for await (const event of answer) if (event.type === 'text') text += event.delta;
    })();
    await clock.advance(waitMs);
    await answered;
    return text;
  };

  const hasty = call(800);
  assert.equal(await ask(hasty, 800), 'Well.');
  assert.deepEqual(hasty.changes, ['mute to sage']);
  assert.deepEqual(
    hasty.uses.map(({ engine, costMicroRub }) => [engine, costMicroRub]),
    [['sage', 1_000_000]],
  );
  await ask(call(800), 800);
  await ask(call(800), 800);
  assert.equal(asked, 3);
  const spared = call(800);
  assert.equal(await ask(spared, 0), 'Well.', 'nobody waits any more for what has failed three times');
  assert.equal(asked, 3);
  fallback.close();
});
