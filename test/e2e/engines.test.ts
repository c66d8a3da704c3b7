import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { createSilentLogger } from '../../src/platform/log.ts';
import { type MockEngines, startMockEngines } from '../../src/testing/mock-engines.ts';
import { Learner } from './learner.ts';
import { type Product, startProduct } from './product.ts';
import { suiteCleanup } from './suite-cleanup.ts';
import { speak } from './voice.ts';

interface KeptTurn {
  readonly speaker: 'learner' | 'tutor';
  readonly text: string;
  readonly heard_text: string;
  readonly interrupted: boolean;
  readonly engines: Readonly<Record<string, string>>;
  readonly cost_micro_rub: string;
}

const SENTENCE = 'good morning it is nice to meet you';

describe('the product as others', { timeout: 300_000 }, () => {
  const suite = suiteCleanup();
  let vendors: MockEngines;
  let product: Product;
  let learner: Learner;

  before(async () => {
    const program = process.env['POCKETSPHINX_STREAM_BIN'];
    const local = path.resolve(import.meta.dirname, '../../.local/native/pocketsphinx-stream');
    vendors = await startMockEngines({ pocketsphinxStreamBin: program ?? local, log: createSilentLogger() });
    suite.after(() => vendors.close());
    product = await startProduct(suite, { ...vendors.environment });
    learner = await Learner.open(suite, { url: product.url });
    await learner.register('engines@example.com');
  });

  async function choose(settings: Readonly<Record<string, unknown>>): Promise<void> {
    const { knex } = product.database;
    await knex('settings').whereLike('key', 'speech.%').delete();
    const rows = Object.entries(settings).map(([name, value]) => ({
      key: `speech.${name}`,
      value: JSON.stringify(value),
    }));
    await knex('settings').insert(rows);
  }

  /** The greeting, one sentence of the learner's over it, and the answer to that. */
  async function talk(beforeSaying: () => unknown = () => undefined): Promise<void> {
    await learner.page.getByRole('button', { name: /^(Start call|Call again)$/ }).click();
    await learner.phase('speaking');
    // Some words of it have been heard by now.
    await learner.page.locator('[data-speaker=tutor] .bubble > p', { hasText: 'English tutor' }).waitFor();
    beforeSaying();
    await learner.say(speak(SENTENCE));
    await learner.page.locator('[data-speaker=learner][data-final=true]').waitFor();
    await learner.phase('speaking');
    await learner.endCall();
  }

  async function lastCall(): Promise<{ turns: KeptTurn[]; engines: { used: unknown; changes: { to: string }[] } }> {
    const { knex } = product.database;
    const call = await knex('calls').orderBy('id', 'desc').first('id', 'engines');
    const turns: KeptTurn[] = await knex('call_turns').where('call_id', call.id).orderBy('ordinal').select();
    return { turns, engines: call.engines };
  }

  function assertHeard(turns: readonly KeptTurn[], served: Readonly<Record<string, string>>): void {
    const said = turns.find(({ speaker }) => speaker === 'learner');
    assert.match(said?.text ?? '', /nice to meet you/);
    const answer = turns.find((turn) => turn.speaker === 'tutor' && turn !== turns[0]);
    assert.ok(answer && answer.text !== '', 'an answer');
    assert.deepEqual({ ...said?.engines, ...answer.engines }, served);
    assert.ok(
      turns.some(({ cost_micro_rub }) => Number(cost_micro_rub) > 0),
      'it cost something',
    );
  }

  it('is heard, answered and spoken to by Yandex', async () => {
    await choose({ engine_en: 'yandex', tutor_en: ['yandex'] });
    await talk();
    const { turns, engines } = await lastCall();
    assertHeard(turns, { stt: 'yandex', tutor: 'yandex', tts: 'yandex' });
    assert.deepEqual(engines, { used: { stt: ['yandex'], tutor: ['yandex'], tts: ['yandex'] }, changes: [] });
  });

  it('talks by OpenAI Realtime, and falls silent when it is interrupted', async () => {
    await choose({ engine_en: 'openai' });
    await talk();
    const { turns, engines } = await lastCall();
    assertHeard(turns, { s2s: 'openai' });
    const [greeting] = turns;
    assert.ok(greeting?.interrupted && greeting.heard_text.length < greeting.text.length, greeting?.heard_text);
    assert.deepEqual(engines, { used: { s2s: ['openai'] }, changes: [] });
  });

  it('talks by the OpenAI pipeline', async () => {
    await choose({ stt_en: ['openai'], tutor_en: ['openai'], tts_en: ['openai'] });
    await talk();
    const { turns } = await lastCall();
    assertHeard(turns, { stt: 'openai', tutor: 'openai', tts: 'openai' });
  });

  it('goes on with the next engine when the first one fails in mid-call, and loses no word', async () => {
    await choose({ stt_en: ['yandex', 'openai'], tutor_en: ['openai'], tts_en: ['yandex', 'openai'] });
    vendors.yandex.failSyntheses(() => ({ afterMs: 200, kind: 'reset' }));
    // Asked at each piece of sound: it breaks within the learner's sentence, wherever that comes.
    const deaf = { afterMs: Infinity, kind: 'reset' as const };
    vendors.yandex.failRecognitions(() => deaf);
    await talk(() => (deaf.afterMs = (vendors.yandex.recognitions.at(-1)?.audioMs ?? 0) + 1_000));
    const { turns, engines } = await lastCall();
    assertHeard(turns, { stt: 'openai', tutor: 'openai', tts: 'openai' });
    assert.ok(
      engines.changes.some(({ to }) => to === 'openai'),
      JSON.stringify(engines),
    );
  });

  it('goes on with the pipeline when Realtime breaks off in its answer', async () => {
    vendors.yandex.failRecognitions(undefined);
    vendors.yandex.failSyntheses(undefined);
    await choose({ engine_en: 'openai' });
    await talk(() => vendors.openAi.failNext('reset'));
    const { turns, engines } = await lastCall();
    assert.match(turns.find(({ speaker }) => speaker === 'learner')?.text ?? '', /nice to meet you/);
    assert.deepEqual(
      engines.changes.map(({ to }) => to),
      ['pipeline'],
      JSON.stringify(engines),
    );
    const last = turns.at(-1);
    assert.deepEqual([last?.speaker, last?.engines['tts']], ['tutor', 'openai']);
  });
});
