import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { within } from '../caller/deadline.ts';
import { LossyRelay, type LossyRelayOptions } from './lossy-relay.ts';

const MEDIA = 0x80;
const STUN = 0x00;
/** Receiver report. */
const RTCP = [0x80, 201] as const;

async function bound(context: TestContext): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  context.after(() => socket.close());
  return socket;
}

/** A server that says back what it hears, behind a relay, and a caller. */
async function echoed(context: TestContext, options: Omit<LossyRelayOptions, 'serverPort'>) {
  const server = await bound(context);
  server.on('message', (packet, { port, address }) => server.send(packet, port, address));
  const relay = await LossyRelay.start({ serverPort: server.address().port, ...options });
  context.after(() => relay.close());
  const caller = await bound(context);
  const heard: number[] = [];
  const arrived = { count: Number.POSITIVE_INFINITY, resolve: () => {} };
  caller.on('message', (packet) => {
    if (heard.push(packet.readUInt16BE(2)) >= arrived.count) arrived.resolve();
  });
  return {
    relay,
    heard,
    send: (number: number, [first, second]: readonly [number, number] = [MEDIA, 111]) =>
      caller.send(Buffer.of(first, second, number >> 8, number & 0xff), relay.port, '127.0.0.1'),
    async hear(count: number) {
      const { promise, resolve } = Promise.withResolvers<void>();
      Object.assign(arrived, { count, resolve });
      if (heard.length >= count) resolve();
      await within(promise, 30_000, `${count} packets, of which came ${heard.length}`);
    },
  };
}

test('passes packets both ways, by the way that each caller has', async (context) => {
  const network = await echoed(context, {});
  for (let number = 0; number < 20; number++) network.send(number);
  await network.hear(20);
  assert.deepEqual(
    network.heard.toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, number) => number),
  );
  assert.equal(network.relay.counts.toServer.media, 20);
  assert.equal(network.relay.counts.toCaller.media, 20);
});

test('loses the same media packets in every run, and no handshake', async (context) => {
  const runs: number[][] = [];
  for (let run = 0; run < 2; run++) {
    const network = await echoed(context, { toServer: { lossPercent: 30 }, seed: 9 });
    for (let number = 0; number < 50; number++) {
      network.send(number);
      network.send(1_000 + number, [STUN, 1]);
      // Reports come when they come: they have chances of their own.
      if (run === 1) network.send(2_000, RTCP);
    }
    network.send(3_000, [STUN, 1]);
    while (network.heard.at(-1) !== 3_000) await network.hear(network.heard.length + 1);
    assert.equal(network.heard.filter((number) => number >= 1_000 && number < 2_000).length, 50);
    runs.push(network.heard.filter((number) => number < 1_000));
    assert.equal(network.relay.counts.toServer.lost, 50 - runs[run]!.length);
  }
  assert.ok(runs[0]!.length > 20 && runs[0]!.length < 48);
  assert.deepEqual(runs[0], runs[1]);
});

test('delivers twice what it duplicates', async (context) => {
  const network = await echoed(context, { toCaller: { duplicatePercent: 100 } });
  network.send(1);
  network.send(2);
  await network.hear(4);
  assert.deepEqual(
    network.heard.toSorted((a, b) => a - b),
    [1, 1, 2, 2],
  );
  assert.equal(network.relay.counts.toCaller.duplicated, 2);
});

test('lets later packets overtake those that are held back', async (context) => {
  const network = await echoed(context, { toServer: { reorderPercent: 100, reorderMs: 200 } });
  network.send(1);
  network.send(2, [STUN, 1]);
  await network.hear(2);
  assert.deepEqual(network.heard, [2, 1]);
});

test('in an outage nothing passes, not even a handshake; after it everything does', async (context) => {
  const network = await echoed(context, {});
  network.send(1);
  await network.hear(1);
  network.relay.cut();
  network.send(2);
  network.send(3, [STUN, 1]);
  const { counts } = network.relay;
  for (const deadline = Date.now() + 30_000; counts.toServer.cut < 2 && Date.now() < deadline;) await nextTurn();
  assert.equal(counts.toServer.cut, 2);
  network.relay.mend();
  network.send(4);
  await network.hear(2);
  assert.deepEqual(network.heard, [1, 4]);
});
