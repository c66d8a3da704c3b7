import type { Knex } from 'knex';
import { toAppError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Mail, Mailer } from './mailer.ts';

/** Longer than an attempt may last, so that a letter under way is nobody else's; doubled after each attempt. */
const FIRST_PAUSE_SEC = 120;
const LONGEST_PAUSE_SEC = 3600;
/** With these pauses a mail server may be away for most of a day. */
const MOST_ATTEMPTS = 24;
const KEEP_FAILED_DAYS = 30;

/** At one run, so that a run ends. */
const BATCH = 200;

/** To be sent once, and only if, the transaction commits. */
export async function queueMail(transaction: Knex.Transaction, mail: Mail): Promise<void> {
  await transaction('mail_outbox').insert({
    recipient: mail.to,
    subject: mail.subject,
    text: mail.text,
    html: mail.html ?? null,
  });
}

/** Letters to an address that is nobody's any more, whether they wait or were given up. */
export async function dropMail(transaction: Knex.Transaction, address: string): Promise<void> {
  await transaction('mail_outbox').whereRaw('lower(recipient) = lower(?)', address).delete();
}

export interface MailReport {
  readonly sent: number;
  /** To be tried again later. */
  readonly postponed: number;
  /** Given up. */
  readonly failed: number;
}

interface QueuedMail {
  readonly id: string;
  readonly recipient: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly attempts: number;
}

/**
 * Sends what is due. Any number of processes may do so at a time. A letter is sent once, or, if a process dies between
 * sending it and writing so, again with the same Message-ID.
 */
export async function sendQueuedMail(
  knex: Knex,
  { mailer, log, signal }: { readonly mailer: Mailer; readonly log: Logger; readonly signal?: AbortSignal },
): Promise<MailReport> {
  const report = { sent: 0, postponed: 0, failed: 0 };
  await knex('mail_outbox')
    .where('failed_at', '<', knex.raw('now() - make_interval(days => ?)', [KEEP_FAILED_DAYS]))
    .delete();
  for (let tried = 0; tried < BATCH; tried += 1) {
    if (signal?.aborted === true) break;
    const queued = await claim(knex);
    if (!queued) break;
    report[await attempt(knex, queued, mailer, log)] += 1;
  }
  return report;
}

/** Counts the attempt and puts the next one off before it is made: a letter that kills its process is not first again. */
async function claim(knex: Knex): Promise<QueuedMail | undefined> {
  const { rows } = await knex.raw<{ rows: QueuedMail[] }>(
    `UPDATE mail_outbox SET attempts = attempts + 1, next_attempt_at = clock_timestamp() +
       make_interval(secs => least(:longest::float8, :first * 2 ^ least(attempts, 16)))
     WHERE id = (
       SELECT id FROM mail_outbox WHERE failed_at IS NULL AND next_attempt_at <= clock_timestamp()
       ORDER BY next_attempt_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
     )
     RETURNING id, recipient, subject, text, html, attempts`,
    { first: FIRST_PAUSE_SEC, longest: LONGEST_PAUSE_SEC },
  );
  return rows[0];
}

async function attempt(knex: Knex, queued: QueuedMail, mailer: Mailer, log: Logger): Promise<keyof MailReport> {
  const { id, recipient, subject, text, html, attempts } = queued;
  try {
    await mailer.send({ to: recipient, subject, text, ...(html !== null && { html }) }, { id });
  } catch (thrown) {
    const error = toAppError(thrown);
    const final = error.code === 'mail_refused' || attempts >= MOST_ATTEMPTS;
    await knex('mail_outbox')
      .where({ id })
      .update({ last_error: error.code, ...(final && { failed_at: knex.fn.now() }) });
    // The server's words may repeat the address: only its codes are logged.
    const fields = { mailId: id, attempts, code: error.code, cause: codesOf(error.cause) };
    if (final) log.error(fields, 'A letter could not be sent; it was given up');
    else log.warn(fields, 'A letter could not be sent; it will be tried again');
    return final ? 'failed' : 'postponed';
  }
  await knex('mail_outbox').where({ id }).delete();
  return 'sent';
}

function codesOf(cause: unknown): Readonly<Record<string, unknown>> {
  const { code, responseCode } = (cause ?? {}) as { readonly code?: unknown; readonly responseCode?: unknown };
  return { code, responseCode };
}
