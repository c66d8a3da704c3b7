import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createSilentLogger } from '../platform/log.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { insertCall, insertLearner } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { MediaNodes, NODE_HEARTBEAT_MS } from './media-nodes.ts';
import { NodeMembership } from './node-membership.ts';

function node(id: string, capacity = 10) {
  return { id, url: `http://127.0.0.1:1${id.length}`, publicPath: `/rtc/${id}/socket.io`, capacity };
}

async function setUp(t: TestContext) {
  const { knex } = await createTestDatabase(t);
  const nodes = new MediaNodes(knex);
  const grow = (id: string, seconds: number) =>
    knex('media_nodes')
      .where({ id })
      .update({ heartbeat_at: knex.raw(`now() - interval '${seconds} seconds'`) });
  return { knex, nodes, grow };
}

describe('media nodes', () => {
  it('are chosen by room', async (t) => {
    const { nodes } = await setUp(t);
    assert.equal(await nodes.findRoom(), undefined);
    await nodes.register(node('small', 10));
    await nodes.register(node('large', 30));
    assert.equal((await nodes.findRoom())?.id, 'large');
    await nodes.heartbeat('large', 25);
    assert.equal((await nodes.findRoom())?.id, 'small');
    await nodes.heartbeat('small', 10);
    await nodes.heartbeat('large', 30);
    assert.equal(await nodes.findRoom(), undefined);
  });

  it('are passed over when they drain or have not reported lately, but still found by the proxy', async (t) => {
    const { nodes, grow } = await setUp(t);
    await nodes.register(node('one'));
    await nodes.register(node('other', 5));
    await nodes.drain('one');
    assert.equal((await nodes.findRoom())?.id, 'other');
    assert.deepEqual(
      (await nodes.listFresh()).map(({ id, draining }) => [id, draining]),
      [
        ['one', true],
        ['other', false],
      ],
    );
    await grow('other', 16);
    assert.equal(await nodes.findRoom(), undefined);
    assert.equal(await nodes.findUrl('one'), node('one').url);
    assert.equal(await nodes.findUrl('nobody'), undefined);
  });

  it('count the calls that were placed since their last report', async (t) => {
    const { knex, nodes } = await setUp(t);
    await nodes.register(node('busy', 2));
    const userId = await insertLearner(knex);
    await insertCall(knex, userId, 'busy');
    assert.equal((await nodes.findRoom())?.load, 1);
    await insertCall(knex, userId, 'busy');
    assert.equal(await nodes.findRoom(), undefined);
    await knex('calls').update({ status: 'ended', ended_at: knex.fn.now(), end_reason: 'hang_up' });
    assert.equal((await nodes.findRoom())?.load, 0);
  });

  it('enter anew after a restart', async (t) => {
    const { nodes } = await setUp(t);
    await nodes.register(node('one'));
    await nodes.drain('one');
    await nodes.register({ ...node('one'), url: 'http://127.0.0.1:9999' });
    assert.equal((await nodes.findRoom())?.url, 'http://127.0.0.1:9999');
    await nodes.leave('one');
    await nodes.leave('one');
    assert.equal(await nodes.heartbeat('one', 0), false);
  });
});

describe('a node’s membership', () => {
  /** The same table, telling of each report that it took. */
  class WatchedNodes extends MediaNodes {
    readonly reports: boolean[] = [];
    #next = Promise.withResolvers<void>();

    override async heartbeat(id: string, load: number): Promise<boolean> {
      const known = await super.heartbeat(id, load);
      this.reports.push(known);
      if (known) this.#next.resolve();
      return known;
    }

    override async register(registration: Parameters<MediaNodes['register']>[0]): Promise<void> {
      await super.register(registration);
      this.#next.resolve();
    }

    /** The next report or registration that reached the table. */
    async written(): Promise<void> {
      await this.#next.promise;
      this.#next = Promise.withResolvers<void>();
    }
  }

  it('reports its load, enters again when it was thrown out, and leaves', { timeout: 300_000 }, async (t) => {
    const { knex, nodes } = await setUp(t);
    const watched = new WatchedNodes(knex);
    const clock = new FakeClock();
    let load = 0;
    const membership = new NodeMembership({
      nodes: watched,
      node: node('one'),
      load: () => load,
      clock,
      log: createSilentLogger(),
    });
    await membership.start();
    await watched.written();

    load = 4;
    await clock.advance(NODE_HEARTBEAT_MS);
    await watched.written();
    assert.equal((await nodes.listFresh())[0]?.load, 4);

    await nodes.leave('one');
    // The timer is set again only when the report before is done.
    while (watched.reports.length < 2) await clock.advance(NODE_HEARTBEAT_MS);
    await watched.written();
    assert.deepEqual(watched.reports.slice(0, 2), [true, false]);
    assert.equal((await nodes.listFresh())[0]?.id, 'one');

    await membership.drain();
    assert.equal(await nodes.findRoom(), undefined);
    await membership.leave();
    await membership.leave();
    await clock.advance(10 * NODE_HEARTBEAT_MS);
    assert.deepEqual(await nodes.listFresh(), []);
  });
});
