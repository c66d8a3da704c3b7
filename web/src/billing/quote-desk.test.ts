import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Quote } from '../api/types.ts';
import { QuoteDesk } from './quote-desk.ts';

function openDesk(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const asked: {
    readonly roubles: number;
    readonly signal: AbortSignal;
    readonly answer: (quote: Quote) => void;
    readonly refuse: (error: unknown) => void;
  }[] = [];
  const desk = new QuoteDesk((roubles, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Quote>();
    asked.push({ roubles, signal, answer: resolve, refuse: reject });
    return promise;
  });
  return { desk, asked, pause: () => t.mock.timers.tick(250), settle: () => new Promise(setImmediate) };
}

const quote = (roubles: number): Quote => ({
  amount_rub: roubles,
  package: null,
  minutes: roubles / 5,
  price_per_minute_rub: 5,
});

test('only the amount that typing stops at is asked for', (t) => {
  const { desk, asked, pause } = openDesk(t);
  for (const kopecks of [100, 1_000, 10_000]) desk.want(kopecks);
  assert.equal(asked.length, 0);
  pause();
  assert.deepEqual(
    asked.map(({ roubles }) => roubles),
    [100],
  );
});

test('the answer to an earlier amount is given up, and never shown for the later one', async (t) => {
  const { desk, asked, pause, settle } = openDesk(t);
  desk.want(10_000);
  pause();
  desk.want(20_000);
  assert.equal(asked[0]?.signal.aborted, true);
  pause();
  asked[1]?.answer(quote(200));
  await settle();
  asked[0]?.answer(quote(100));
  await settle();
  assert.deepEqual(desk.state.read(), { status: 'known', kopecks: 20_000, quote: quote(200) });
});

test('while the next answer is awaited, the last one may stand', async (t) => {
  const { desk, asked, pause, settle } = openDesk(t);
  desk.want(10_000);
  pause();
  asked[0]?.answer(quote(100));
  await settle();
  desk.want(20_000);
  assert.deepEqual(desk.state.read(), { status: 'asking', last: quote(100) });
});

test('a refusal is told; a given up request is none', async (t) => {
  const { desk, asked, pause, settle } = openDesk(t);
  desk.want(100);
  pause();
  const refusal = new Error('too small');
  asked[0]?.refuse(refusal);
  await settle();
  assert.deepEqual(desk.state.read(), { status: 'failed', error: refusal });

  desk.want(200);
  pause();
  desk.want(undefined);
  asked[1]?.refuse(new DOMException('', 'AbortError'));
  await settle();
  assert.deepEqual(desk.state.read(), { status: 'none' });
});
