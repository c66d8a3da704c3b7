import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deposit } from '../api/types.ts';
import { payAt } from './payment-page.ts';

const at = (url: string | null): string | undefined => {
  const deposit: Deposit = { payment_id: 'p', status: 'pending', confirmation_url: url, amount_rub: 1, minutes: 1 };
  return payAt(deposit, 'https://ailingva.example/top-up');
};

test('the page of the provider is opened, on our own host too', () => {
  assert.equal(at('https://pay.example/1'), 'https://pay.example/1');
  assert.equal(at('/sandbox/payments/1'), 'https://ailingva.example/sandbox/payments/1');
});

test('nothing is opened when there is nothing to pay, or when the address would run something', () => {
  assert.equal(at(null), undefined);
  assert.equal(payAt(undefined, 'https://ailingva.example/'), undefined);
  for (const url of ['javascript:alert(1)', 'data:text/html,x', 'https://']) assert.equal(at(url), undefined, url);
});
