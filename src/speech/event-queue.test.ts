import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EventQueue } from './event-queue.ts';

async function readAll<Event>(queue: EventQueue<Event>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of queue) events.push(event);
  return events;
}

test('hands on what was pushed before and after somebody reads, in order, up to the end', async () => {
  const queue = new EventQueue<number>();
  queue.push(1);
  queue.push(2);
  const reading = readAll(queue);
  queue.push(3);
  queue.end();
  queue.push(4);
  assert.deepEqual(await reading, [1, 2, 3]);
  assert.ok(queue.ended);
});

test('ends at once and drops what was not read', async () => {
  const queue = new EventQueue<number>();
  queue.push(1);
  queue.endNow();
  assert.deepEqual(await readAll(queue), []);
});

test('fails after what was pushed before, once; then it is at its end', async () => {
  const queue = new EventQueue<number>();
  queue.push(1);
  queue.fail(new Error('broken'));
  const iterator = queue[Symbol.asyncIterator]();
  assert.deepEqual(await iterator.next(), { done: false, value: 1 });
  await assert.rejects(iterator.next(), /broken/);
  assert.equal((await iterator.next()).done, true);
});

test('fails a reader that waits', async () => {
  const queue = new EventQueue<number>();
  const reading = readAll(queue);
  queue.fail(new Error('broken'));
  await assert.rejects(reading, /broken/);
});

test('is over for the writer when the reader leaves', async () => {
  const queue = new EventQueue<number>();
  queue.push(1);
  for await (const event of queue) {
    assert.equal(event, 1);
    break;
  }
  assert.ok(queue.ended);
});
