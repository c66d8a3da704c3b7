import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import { until } from '../../src/testing/until.ts';
import { Learner } from './learner.ts';
import { linkInLetterTo } from './outbox.ts';
import { type Product, startProduct } from './product.ts';
import { suiteCleanup } from './suite-cleanup.ts';

const NEW_PASSWORD = 'another long secret';

describe('the account', { timeout: 300_000 }, () => {
  const suite = suiteCleanup();
  let product: Product;
  before(async () => {
    product = await startProduct(suite);
  });

  it('sells minutes by the payment page, and says when a payment was declined', async (test) => {
    const learner = await Learner.open(test, { url: product.url });
    const { page } = learner;
    await learner.register('payer@example.com');
    await openAccount(learner);
    await hasAvailable(learner, 60);

    await page.getByRole('link', { name: 'Top up' }).click();
    const amount = page.getByLabel('Or any amount, in roubles');
    await amount.fill('5');
    await page.getByText('The smallest top-up is ₽10.').waitFor();
    await amount.fill('900');
    await quotes(learner, 180);
    await page.getByRole('radio', { name: /Regular/ }).check();
    assert.equal(await amount.inputValue(), '1000');
    await quotes(learner, 222.22);
    await learner.screenshot('top-up');
    await page.getByRole('button', { name: 'Pay ₽1,000' }).click();

    await page.getByRole('heading', { name: 'Sandbox payment' }).waitFor();
    assert.notEqual(
      await page.getByRole('button', { name: 'Pay' }).evaluate((button) => getComputedStyle(button).borderRadius),
      '0px',
      'its style sheet is let through',
    );
    await learner.screenshot('sandbox-payment');
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.getByRole('heading', { name: 'Thank you! It is paid.' }).waitFor();
    await page.locator('[data-testid=minutes-left][data-minutes="282.22"]').waitFor();
    await learner.screenshot('deposit-paid');

    await page.getByRole('link', { name: 'Open account' }).click();
    await hasAvailable(learner, 282.22);
    await page.getByText('paid ₽1,000').waitFor();
    await learner.screenshot('account');
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ]);
    assert.match(file.suggestedFilename(), /^ailingva-\d{4}-\d{2}-01-.*\.csv$/);
    assert.match(await readFile(await file.path(), 'utf8'), /,deposit,222\.22,282\.22,1000,/);

    await page.getByRole('link', { name: 'Top up' }).click();
    await page.getByRole('button', { name: 'Pay ₽300' }).click();
    await page.getByRole('button', { name: 'Decline' }).click();
    await page.getByRole('heading', { name: 'The payment was declined' }).waitFor();
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Top up', level: 1 }).waitFor();
    await openAccount(learner);
    await hasAvailable(learner, 282.22);
    assert.deepEqual(await ledger(product, 'payer@example.com'), [
      { type: 'trial', minutes_delta: '60.00' },
      { type: 'deposit', minutes_delta: '222.22' },
    ]);
    assert.deepEqual(learner.problems.filter(isOurs), []);
  });

  it('gives both sides of an invitation their minutes when the invited learner confirms', async (test) => {
    const inviter = await Learner.open(test, { url: product.url });
    await inviter.register('inviter@example.com');
    await openAccount(inviter);
    const invitation = await inviter.page.getByLabel('Your invitation link').inputValue();

    const friend = await Learner.open(test, { url: invitation, viewport: { width: 390, height: 844 } });
    assert.notEqual(await friend.page.getByLabel('Invitation code').inputValue(), '');
    await friend.fillRegistration('friend@example.com');
    assert.equal(await friend.balance(), 60);
    const banner = friend.page.getByRole('region', { name: 'Confirm your email.' });
    await banner.getByText('friend@example.com').waitFor();

    const link = await linkInLetterTo(product.outbox, 'friend@example.com');
    await friend.page.goto(link);
    await friend.page.getByRole('heading', { name: 'Your email is confirmed' }).waitFor();
    await friend.screenshot('email-confirmed');
    await openAccount(friend);
    await hasAvailable(friend, 120);
    assert.equal(await banner.count(), 0);
    assert.deepEqual(friend.problems, []);

    await inviter.page.reload();
    await hasAvailable(inviter, 120);
    await inviter.page.locator('[data-testid=minutes-earned][data-minutes="60"]').waitFor();
    await inviter.page.getByText('A friend you invited has joined').waitFor();
    assert.deepEqual(inviter.problems, []);

    await friend.page.goto(link);
    await friend.page.getByRole('heading', { name: 'Your email is confirmed already' }).waitFor();
    await openAccount(friend);
    await hasAvailable(friend, 120);
    await forgetPassword(friend, product);
    await leave(friend, product);
  });
});

/** Signs the friend out and in again, with a new password that a letter's link let them choose. */
async function forgetPassword(learner: Learner, { outbox }: Product): Promise<void> {
  const { page } = learner;
  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Email').fill('friend@example.com');
  await page.getByRole('link', { name: 'Forgot password?' }).click();
  assert.equal(await page.getByLabel('Email').inputValue(), 'friend@example.com');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  await learner.screenshot('password-forgotten');

  const link = await linkInLetterTo(outbox, 'friend@example.com', 'reset-password');
  const save = page.getByRole('button', { name: 'Save the password' });
  await page.goto(link);
  await page.getByLabel('New password').fill('short');
  await save.click();
  await page.getByText('The password needs 5 more characters.').waitFor();
  await page.getByLabel('New password').fill(NEW_PASSWORD);
  await learner.screenshot('password-reset');
  await save.click();
  await page.getByTestId('password_changed').waitFor();
  await learner.screenshot('password-changed');
  await page.goto(link);
  await page.locator('[data-testid=reset-refused][data-refusal=used]').waitFor();
  await learner.screenshot('password-link-used');
  await page.getByRole('link', { name: 'Back to sign-in' }).click();
  await page.getByLabel('Email').fill('friend@example.com');
  await page.getByLabel('Password', { exact: true }).fill(NEW_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await openAccount(learner);
  await hasAvailable(learner, 120);
}

/** Deletes the account of somebody who has 120 minutes, and asks in the end whether they are gone. */
async function leave(learner: Learner, { database: { knex } }: Product): Promise<void> {
  const { page } = learner;
  await page.getByRole('link', { name: 'Delete the account' }).click();
  await page.getByRole('heading', { name: 'Delete the account', level: 1 }).waitFor();
  const button = page.getByRole('button', { name: 'Delete for good' });
  await button.click();
  await page.getByText('Tick the box if you agree.').waitFor();
  await page.getByText('Enter your password.').waitFor();
  await page.getByLabel('I agree to lose 120 minutes').check();
  const password = page.getByLabel('Your password, to be sure that it is you');
  await password.fill('somebody else’s');
  await learner.screenshot('delete-account');
  await button.click();
  await page.getByText('This is not your password.').waitFor();
  await password.fill(NEW_PASSWORD);
  await button.click();
  await page.getByTestId('deleted').waitFor();
  await learner.screenshot('account-deleted');
  await page.reload();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.equal(await knex('user_accounts').where('email', 'friend@example.com').first(), undefined);
  await until(
    async () => (await knex('account_deletions').whereNotNull('erased_at').first()) !== undefined,
    'the jobs process has erased what was said',
  );
  assert.deepEqual(learner.problems.filter(isOurs), []);
}

async function openAccount(learner: Learner): Promise<void> {
  await learner.page.getByRole('navigation').getByRole('link', { name: 'Account' }).click();
  await learner.page.getByRole('heading', { name: 'Account', level: 1 }).waitFor();
}

async function hasAvailable(learner: Learner, minutes: number): Promise<void> {
  await learner.page.locator(`[data-testid=minutes-available][data-minutes="${minutes}"]`).waitFor();
}

async function quotes(learner: Learner, minutes: number): Promise<void> {
  await learner.page.locator(`[data-testid=quote-minutes][data-minutes="${minutes}"]`).waitFor();
}

/** The browser writes a line for every refusal: of the amount that is too small, of a wrong password. */
function isOurs(problem: string): boolean {
  return !problem.startsWith('Failed to load resource');
}

async function ledger(product: Product, email: string): Promise<unknown[]> {
  return await product.database
    .knex('wallet_transactions')
    .join('user_accounts', 'user_accounts.id', 'wallet_transactions.user_account_id')
    .where('email', email)
    .orderBy('wallet_transactions.sequence')
    .select('type', 'minutes_delta');
}
