import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import type { LossyRelay } from '../../src/testing/network/lossy-relay.ts';
import { chargedMinutes } from './charge.ts';
import { Learner } from './learner.ts';
import { type Product, putRelayBefore, startProduct } from './product.ts';
import { suiteCleanup } from './suite-cleanup.ts';
import { cough, joined, silence, speak } from './voice.ts';

interface KeptTurn {
  readonly ordinal: number;
  readonly speaker: 'learner' | 'tutor';
  readonly text: string;
  readonly heard_text: string;
  readonly interrupted: boolean;
}

describe('a conversation', { timeout: 300_000 }, () => {
  const suite = suiteCleanup();
  let product: Product;
  let relay: LossyRelay;
  before(async () => {
    const network = await putRelayBefore(suite);
    relay = network.relay;
    product = await startProduct(suite, network.settings);
  });

  async function inCall(test: TestContext, email: string): Promise<Learner> {
    const learner = await Learner.open(test, { url: product.url });
    await learner.register(email);
    await learner.startCall();
    return learner;
  }

  const turnsOf = (email: string): Promise<KeptTurn[]> =>
    product.database
      .knex('call_turns')
      .join('calls', 'calls.id', 'call_turns.call_id')
      .join('user_accounts', 'user_accounts.id', 'calls.user_account_id')
      .where('email', email)
      .orderBy('ordinal')
      .select('ordinal', 'speaker', 'text', 'heard_text', 'interrupted');

  it('stops when the learner talks over it, and forgets what nobody heard', async (test) => {
    const learner = await inCall(test, 'over@example.com');
    // Some words of the greeting have been heard by now.
    await learner.page.locator('[data-speaker=tutor] .bubble > p', { hasText: 'English tutor' }).waitFor();
    await learner.say(speak('please wait a moment'));
    await learner.page.getByText('interrupted').waitFor();
    await learner.page.locator('[data-speaker=learner][data-final=true]').waitFor();
    await learner.endCall();
    const [greeting, words] = await turnsOf('over@example.com');
    assert.equal(greeting?.interrupted, true);
    assert.ok(greeting && greeting.heard_text.length > 0 && greeting.heard_text.length < greeting.text.length);
    assert.ok(greeting.text.startsWith(greeting.heard_text));
    assert.equal(words?.speaker, 'learner');
  });

  it('goes on after a cough', async (test) => {
    const learner = await inCall(test, 'cough@example.com');
    await learner.page.locator('[data-speaker=tutor] .bubble > p', { hasText: 'English tutor' }).waitFor();
    await learner.say(cough());
    await learner.phase('listening');
    await learner.endCall();
    const [greeting, ...others] = await turnsOf('cough@example.com');
    assert.equal(greeting?.interrupted, false);
    assert.equal(greeting?.heard_text, greeting?.text);
    assert.deepEqual(others, []);
  });

  it('waits for a learner who thinks in mid-sentence', async (test) => {
    const learner = await inCall(test, 'thinks@example.com');
    await learner.phase('listening');
    await learner.say(joined(speak('I would like to'), silence(1_200), speak('order a cup of coffee')));
    await learner.phase('speaking');
    await learner.endCall();
    const said = (await turnsOf('thinks@example.com')).filter(({ speaker }) => speaker === 'learner');
    assert.equal(said.length, 1, JSON.stringify(said));
    assert.match(said[0]?.text ?? '', /like to .*coffee/);
  });

  it('keeps the call through three seconds without a network', async (test) => {
    const learner = await inCall(test, 'tunnel@example.com');
    await learner.phase('listening');
    relay.cut();
    // A room is never silent: its packets are what is lost meanwhile.
    await learner.say(silence(3_000));
    relay.mend();
    await learner.say(speak('good morning it is nice to meet you'));
    await learner.phase('speaking');
    await learner.endCall();
    const said = (await turnsOf('tunnel@example.com')).find(({ speaker }) => speaker === 'learner');
    assert.match(said?.text ?? '', /nice to meet you/);
    await chargedMinutes(product, learner, 'tunnel@example.com');
    const { toServer } = relay.counts;
    assert.ok(toServer.cut > 10, `${toServer.cut} packets were lost to the outage`);
  });

  it('finds a new way when the old one is gone for good', async (test) => {
    const learner = await Learner.open(test, { url: product.url });
    const sent: string[] = [];
    learner.page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        sent.push(payload.toString());
      }),
    );
    await learner.register('new-way@example.com');
    await learner.startCall();
    await learner.phase('listening');
    const restarts = (): number => sent.filter((message) => message.includes('"ice:restart"')).length;
    assert.equal(restarts(), 0);
    relay.cut();
    await learner.phase('reconnecting');
    relay.mend();
    await learner.phase('listening');
    assert.ok(restarts() > 0);
    await learner.say(speak('good morning it is nice to meet you'));
    await learner.phase('speaking');
    await learner.endCall();
    await chargedMinutes(product, learner, 'new-way@example.com');
  });

  it('goes on after the page was loaded again: same call, same history, one charge', async (test) => {
    const learner = await inCall(test, 'reload@example.com');
    await learner.phase('listening');
    const said = await learner.log();
    await learner.page.reload();
    await learner.phase('listening');
    assert.equal(await learner.log(), said);
    await learner.say(speak('good morning it is nice to meet you'));
    await learner.phase('speaking');
    await learner.endCall();
    const calls = await product.database
      .knex('calls')
      .join('user_accounts', 'user_accounts.id', 'calls.user_account_id')
      .where('email', 'reload@example.com')
      .select('end_reason');
    assert.deepEqual(calls, [{ end_reason: 'hang_up' }]);
    await chargedMinutes(product, learner, 'reload@example.com');
  });
});
