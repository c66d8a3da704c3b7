import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { createSilentLogger } from '../platform/log.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { JOB_NAMES } from './definitions.ts';
import { Runner, type Handlers } from './runner.ts';
import { startSafetyNet } from './safety-net.ts';

function open() {
  const clock = new FakeClock();
  const done: string[] = [];
  const hang = Promise.withResolvers<void>();
  const handlers = {
    ...Object.fromEntries(JOB_NAMES.map((name) => [name, async () => void done.push(name)])),
    'send-mail': async () => {
      done.push('send-mail');
      await hang.promise;
    },
    'check-payments': () => Promise.reject(new Error('The provider is away')),
  } as unknown as Handlers;
  const runner = new Runner(handlers, clock);
  const metrics = new Registry();
  const net = startSafetyNet({ runner, clock, log: createSilentLogger(), metrics });
  const times = (name: string): number => done.filter((one) => one === name).length;
  return { clock, runner, metrics, net, hang, times };
}

test('what the queue does not have done is done without it, and what hangs or fails keeps nothing from it', async () => {
  const { clock, metrics, net, hang, times } = open();
  await clock.advance(14_000);
  assert.equal(times('sweep-calls'), 0);
  await clock.advance(600_000);
  assert.ok(times('sweep-calls') >= 30);
  assert.equal(times('send-mail'), 1);
  assert.ok(times('roll-up-revenue') >= 3);
  assert.ok(times('erase-accounts') >= 9);
  assert.equal(times('reconcile-ledger'), 1);
  assert.equal(times('erase-turn-texts'), 0);
  const counted = /^jobs_done_without_queue_total\{job="check-payments"\} (\d+)$/m.exec(await metrics.metrics());
  assert.ok(Number(counted?.[1]) >= 5);
  hang.resolve();
  await net.close();
  await clock.advance(60_000);
  assert.equal(times('send-mail'), 1);
});

test('what may wait for a night is done after thirty hours without the queue, once', async () => {
  const { clock, net, hang, times } = open();
  const nightly = () => [times('erase-turn-texts'), times('delete-recordings')];
  await clock.advance(30 * 3_600_000 - 10_000);
  assert.deepEqual(nightly(), [0, 0]);
  await clock.advance(20_000);
  assert.deepEqual(nightly(), [1, 1]);
  hang.resolve();
  await net.close();
});

test('what the queue has done is not done again', async () => {
  const { clock, runner, net, hang, times } = open();
  const signal = new AbortController().signal;
  for (let second = 0; second < 60; second += 5) {
    await runner.run('sweep-calls', {}, signal);
    await clock.advance(5_000);
  }
  assert.equal(times('sweep-calls'), 12);
  hang.resolve();
  await net.close();
});

test('a scheduled job is done once at a time in a process', async () => {
  const { runner, net, hang, times } = open();
  const signal = new AbortController().signal;
  const first = runner.run('send-mail', {}, signal);
  await runner.run('send-mail', {}, signal);
  assert.equal(times('send-mail'), 1);
  hang.resolve();
  await first;
  await runner.run('send-mail', {}, signal);
  assert.equal(times('send-mail'), 2);
  await net.close();
});
