import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Knex } from 'knex';
import { startSmtpServer } from '../../testing/smtp-server.ts';
import { createTestDatabase } from '../../testing/test-database.ts';
import { AppError } from '../errors.ts';
import { createSilentLogger } from '../log.ts';
import { createFileMailer } from './file-mailer.ts';
import type { Mail, Mailer } from './mailer.ts';
import { queueMail, sendQueuedMail } from './queue.ts';
import { createSmtpMailer } from './smtp-mailer.ts';

const log = createSilentLogger();
const from = 'AIlingva <no-reply@example.com>';
const letter: Mail = {
  to: 'ann@example.org',
  subject: 'Подтвердите адрес',
  text: 'Hello\n.\nthe end',
  html: '<p>Hello</p>',
};
const id = '01890a5d-ac96-774b-bcce-b302099a8057';

describe('letters to files', () => {
  it('are whole, closed to others, and do not name anybody outside', async (t) => {
    const parent = await mkdtemp(path.join(tmpdir(), 'ailingva-mail-'));
    t.after(() => rm(parent, { recursive: true }));
    const folder = path.join(parent, 'outbox');
    await createFileMailer({ folder, from, log }).send(letter, { id });
    assert.deepEqual(await readdir(folder), [`${id}.eml`]);
    const file = path.join(folder, `${id}.eml`);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    const text = await readFile(file, 'utf8');
    assert.match(text, /^To: ann@example\.org\r$/m);
    assert.match(text, new RegExp(`^Message-ID: <${id}@example\\.com>\\r$`, 'm'));
    assert.match(text, /^Auto-Submitted: auto-generated\r$/m);
    assert.match(text, /^Subject: Подтвердите адрес\r$/m);
    assert.ok(text.endsWith('\r\n\r\nHello\r\n.\r\nthe end'));
  });
});

describe('letters by SMTP', () => {
  it('arrive', async (t) => {
    const server = await startSmtpServer(t);
    await createSmtpMailer({ url: server.url, from, log }).send(letter, { id });
    const [mail] = server.received;
    assert.deepEqual([mail?.from, mail?.to], ['no-reply@example.com', ['ann@example.org']]);
    assert.match(mail?.content ?? '', /Hello\r\n\.\r\nthe end/);
  });

  it('have one recipient and no header more, whatever the address looks like', async (t) => {
    const server = await startSmtpServer(t);
    const to = 'ann@example.org,eve@example.org\r\nBcc: eve@example.org';
    await createSmtpMailer({ url: server.url, from, log })
      .send({ ...letter, to, subject: 'A\r\nBcc: eve@example.org' }, { id })
      .catch(() => {});
    for (const { to: recipients, content } of server.received) {
      assert.equal(recipients.length, 1);
      assert.doesNotMatch(content, /^Bcc:/im);
    }
  });

  it('are refused for good by a 5xx, and for now by anything else', async (t) => {
    const failure = async (answers: [string, string][]) => {
      const server = await startSmtpServer(t, { answers: new Map(answers) });
      const error = await createSmtpMailer({ url: server.url, from, log })
        .send(letter, { id })
        .catch((thrown: unknown) => thrown);
      assert.ok(error instanceof AppError);
      return [error.code, error.retryable];
    };
    assert.deepEqual(await failure([['RCPT', '550 5.1.1 no such user']]), ['mail_refused', false]);
    assert.deepEqual(await failure([['END', '554 5.7.1 spam']]), ['mail_refused', false]);
    assert.deepEqual(await failure([['RCPT', '451 4.7.1 greylisted']]), ['mail_unavailable', true]);
    assert.deepEqual(await failure([['END', '421 4.3.2 closing']]), ['mail_unavailable', true]);
  });

  it('do not wait for ever', async (t) => {
    const server = await startSmtpServer(t, { mute: true });
    const mailer = createSmtpMailer({ url: server.url, from, log, deadlineMs: 100 });
    await assert.rejects(mailer.send(letter, { id }), { code: 'mail_unavailable' });
  });

  it('say so when nobody listens', async () => {
    const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${await closedPort()}`, from, log });
    await assert.rejects(mailer.send(letter, { id }), { code: 'mail_unavailable' });
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** A mailer that keeps what it is given, or fails. */
function scripted(outcome: (mail: Mail) => Promise<void> = async () => {}) {
  const sent: Mail[] = [];
  const mailer: Mailer = {
    async send(mail) {
      await outcome(mail);
      sent.push(mail);
    },
  };
  return { mailer, sent };
}

async function setUp(t: TestContext) {
  const { knex } = await createTestDatabase(t);
  const queue = (mail: Mail = letter) => knex.transaction((transaction) => queueMail(transaction, mail));
  const makeDue = () => knex('mail_outbox').update({ next_attempt_at: knex.raw(`now() - interval '1 second'`) });
  return { knex, queue, makeDue };
}

async function rows(knex: Knex): Promise<{ attempts: number; failed_at: Date | null; last_error: string | null }[]> {
  return knex('mail_outbox').select('attempts', 'failed_at', 'last_error');
}

describe('queued mail', () => {
  it('is sent once, and its content is gone with it', async (t) => {
    const { knex, queue } = await setUp(t);
    await queue();
    const { mailer, sent } = scripted();
    assert.deepEqual(await sendQueuedMail(knex, { mailer, log }), { sent: 1, postponed: 0, failed: 0 });
    assert.deepEqual(await sendQueuedMail(knex, { mailer, log }), { sent: 0, postponed: 0, failed: 0 });
    assert.deepEqual(sent, [letter]);
    assert.deepEqual(await rows(knex), []);
  });

  it('is not sent for what was undone', async (t) => {
    const { knex } = await setUp(t);
    await assert.rejects(
      knex.transaction(async (transaction) => {
        await queueMail(transaction, letter);
        throw new Error('undone');
      }),
      /undone/,
    );
    const { mailer, sent } = scripted();
    await sendQueuedMail(knex, { mailer, log });
    assert.deepEqual(sent, []);
  });

  it('is sent once by several at a time', async (t) => {
    const { knex, queue } = await setUp(t);
    for (let n = 0; n < 20; n += 1) await queue({ to: `ann${n}@example.org`, subject: 's', text: 't' });
    const { mailer, sent } = scripted();
    await Promise.all([1, 2, 3, 4].map(() => sendQueuedMail(knex, { mailer, log })));
    assert.equal(new Set(sent.map(({ to }) => to)).size, 20);
    assert.equal(sent.length, 20);
  });

  it('is tried again later, not at once', async (t) => {
    const { knex, queue, makeDue } = await setUp(t);
    await queue();
    const away = new AppError({ code: 'mail_unavailable', kind: 'unavailable', message: 'away' });
    const failing = scripted(() => Promise.reject(away));
    assert.deepEqual(await sendQueuedMail(knex, { mailer: failing.mailer, log }), { sent: 0, postponed: 1, failed: 0 });
    const { mailer, sent } = scripted();
    assert.equal((await sendQueuedMail(knex, { mailer, log })).sent, 0);
    await makeDue();
    assert.equal((await sendQueuedMail(knex, { mailer, log })).sent, 1);
    assert.equal(sent.length, 1);
  });

  it('is given up when it is refused, or after many attempts, and does not keep others waiting', async (t) => {
    const { knex, queue, makeDue } = await setUp(t);
    await queue();
    const refused = scripted(() =>
      Promise.reject(new AppError({ code: 'mail_refused', kind: 'unavailable', message: 'no' })),
    );
    assert.equal((await sendQueuedMail(knex, { mailer: refused.mailer, log })).failed, 1);
    await knex('mail_outbox').delete();

    await queue();
    const failing = scripted(() => Promise.reject(new Error('EROFS')));
    for (let n = 1; n <= 24; n += 1) {
      await makeDue();
      const report = await sendQueuedMail(knex, { mailer: failing.mailer, log });
      assert.equal(report.failed, n === 24 ? 1 : 0, `attempt ${n}`);
    }
    await makeDue();
    await queue();
    const { mailer } = scripted();
    assert.equal((await sendQueuedMail(knex, { mailer, log })).sent, 1);
    const [left] = await rows(knex);
    assert.deepEqual([left?.attempts, left?.last_error], [24, 'internal']);
  });
});
