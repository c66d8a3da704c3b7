import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ApiError } from '../api/api-error.ts';
import type { Deposit, PaymentStatus } from '../api/types.ts';
import { PaymentWatch } from './payment-watch.ts';

const deposit = (status: PaymentStatus): Deposit => ({
  payment_id: 'p',
  status,
  confirmation_url: null,
  amount_rub: 300,
  minutes: 60,
});
const failure = (code: string): ApiError => new ApiError({ code, status: 0, message: '' });

function watch(t: TestContext, answers: readonly (Deposit | ApiError)[]) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let asked = 0;
  const watched = new PaymentWatch(() => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? deposit('pending');
    asked += 1;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  t.after(() => watched.close());
  /** Lets `seconds` pass, answers included. */
  async function pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 0.1) {
      t.mock.timers.tick(100);
      await new Promise(setImmediate);
    }
  }
  return { watched, pass, asked: () => asked };
}

test('a payment is asked for until it is decided, and then no more', async (t) => {
  const { watched, pass, asked } = watch(t, [deposit('created'), deposit('pending'), deposit('succeeded')]);
  watched.start();
  await pass(10);
  assert.deepEqual(watched.state.read(), { status: 'decided', deposit: deposit('succeeded') });
  assert.equal(asked(), 3);
});

test('a network that is gone for a moment is waited for', async (t) => {
  const { watched, pass } = watch(t, [failure('network'), failure('timed_out'), deposit('canceled')]);
  watched.start();
  await pass(10);
  assert.deepEqual(watched.state.read(), { status: 'decided', deposit: deposit('canceled') });
});

test('a payment that is not ours is not asked for twice', async (t) => {
  const error = failure('payment_not_found');
  const { watched, pass, asked } = watch(t, [error]);
  watched.start();
  await pass(10);
  assert.deepEqual(watched.state.read(), { status: 'failed', error });
  assert.equal(asked(), 1);
});

test('after a minute it is said that it takes long, until one asks again', async (t) => {
  const { watched, pass, asked } = watch(t, [deposit('pending')]);
  watched.start();
  await pass(3);
  assert.deepEqual(watched.state.read(), { status: 'waiting', pace: 'usual', deposit: deposit('pending') });
  await pass(52);
  assert.deepEqual(watched.state.read(), { status: 'waiting', pace: 'long', deposit: deposit('pending') });
  await pass(15);
  assert.deepEqual(watched.state.read(), { status: 'waiting', pace: 'slow', deposit: deposit('pending') });
  const before = asked();
  await pass(30);
  assert.equal(asked(), before);
  assert.ok(before < 25, `${before} requests in a minute`);
  watched.start();
  assert.deepEqual(watched.state.read(), { status: 'waiting', pace: 'usual', deposit: undefined });
});

test('nothing is asked after the screen is left', async (t) => {
  const { watched, pass, asked } = watch(t, [deposit('pending')]);
  watched.start();
  await pass(1);
  watched.close();
  const before = asked();
  await pass(20);
  assert.equal(asked(), before);
});
