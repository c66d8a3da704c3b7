import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../api/api-error.ts';
import type { Deposit } from '../api/types.ts';
import { DepositAttempts } from './deposit-attempt.ts';

const answer: Deposit = {
  payment_id: 'p',
  status: 'pending',
  confirmation_url: 'https://pay.example/p',
  amount_rub: 300,
  minutes: 60,
};

function open(outcomes: readonly (Deposit | ApiError)[]) {
  const keys: string[] = [];
  let made = 0;
  const attempts = new DepositAttempts(
    (_amount, key) => {
      const outcome = outcomes[keys.push(key) - 1];
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome ?? answer);
    },
    () => `key-${(made += 1)}`,
  );
  return { attempts, keys };
}

const failure = (status: number): ApiError => new ApiError({ code: 'x', status, message: '' });

test('a press after a lost answer repeats the same attempt', async () => {
  const { attempts, keys } = open([failure(0), failure(503), answer]);
  await assert.rejects(attempts.begin(300));
  await assert.rejects(attempts.begin(300));
  assert.equal(await attempts.begin(300), answer);
  assert.deepEqual(keys, ['key-1', 'key-1', 'key-1']);
});

test('an answer, a refusal and another amount each end the attempt', async () => {
  const { attempts, keys } = open([answer, failure(400), failure(0), answer]);
  await attempts.begin(300);
  await assert.rejects(attempts.begin(300));
  await assert.rejects(attempts.begin(300));
  await attempts.begin(500);
  assert.deepEqual(keys, ['key-1', 'key-2', 'key-3', 'key-4']);
});
