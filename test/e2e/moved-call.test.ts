import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { childrenOf } from '../../src/testing/process-tree.ts';
import { chargedMinutes } from './charge.ts';
import { Learner } from './learner.ts';
import { type Product, startProduct } from './product.ts';
import { suiteCleanup } from './suite-cleanup.ts';
import { speak } from './voice.ts';

describe('a call whose media process is killed', { timeout: 300_000 }, () => {
  const suite = suiteCleanup();
  let product: Product;
  before(async () => {
    product = await startProduct(suite);
  });

  it('goes on in the next one: same call, same history, one charge', async (test) => {
    const learner = await Learner.open(test, { url: product.url });
    await learner.register('moved@example.com');
    await learner.startCall();
    await learner.phase('listening');
    const said = await learner.log();
    const calls = product.database.knex('calls');
    const { id, node_id: nodeId } = await calls.clone().first('id', 'node_id');
    const killed = mediaProcess(product.pid, nodeId);

    process.kill(killed, 'SIGKILL');

    await learner.phase('reconnecting');
    await learner.phase('listening', 60_000);
    assert.equal(await learner.log(), said);
    await learner.say(speak('good morning it is nice to meet you'));
    await learner.phase('speaking');
    await learner.endCall();
    assert.deepEqual(await calls.clone().select('id', 'end_reason'), [{ id, end_reason: 'hang_up' }]);
    assert.notEqual(mediaProcess(product.pid, nodeId), killed);
    await chargedMinutes(product, learner, 'moved@example.com');
  });
});

/** The process that carries the node's calls, among those that `up` has started. */
function mediaProcess(up: number, nodeId: string): number {
  const pid = childrenOf(up).find((child) =>
    readFileSync(`/proc/${child}/environ`, 'utf8').split('\0').includes(`MEDIA_NODE_ID=${nodeId}`),
  );
  assert.ok(pid, `no process of ${nodeId}`);
  return pid;
}
