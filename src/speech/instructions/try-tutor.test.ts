import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createScriptedTutor } from '../../testing/engines/scripted-tutor.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { tryTutor } from './index.ts';

const asked = { instructions: 'Be brief.', text: 'Hello.', language: 'en', level: 'beginner' } as const;

it('asks one sentence, and does not wait for a tutor for ever', async () => {
  const usage = { type: 'usage', usage: { inputTokens: 100, outputTokens: 8 } } as const;
  const twice = [usage, { type: 'text', delta: 'Hello to you.' }, usage] as const;
  const tutor = createScriptedTutor({ answers: [{ events: twice }, { events: [], stall: true }] });
  const clock = new FakeClock();
  const trial = await tryTutor({ tutor, clock, signal: new AbortController().signal }, asked);
  assert.deepEqual(
    [trial.answer, trial.engine, trial.usage],
    ['Hello to you.', 'scripted', { inputTokens: 200, outputTokens: 16 }],
  );
  assert.deepEqual(tutor.requests[0]?.history, []);
  const abort = new AbortController();
  const waiting = tryTutor({ tutor, clock, signal: abort.signal }, asked);
  abort.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
});
