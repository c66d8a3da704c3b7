import { createTransport } from 'nodemailer';
import { AppError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Mailer } from './mailer.ts';
import { toMessage } from './message.ts';

export interface SmtpMailerOptions {
  /** `smtp://user:password@host:port`, with STARTTLS where the server has it; `smtps://` for TLS from the start. */
  readonly url: string;
  readonly from: string;
  readonly log: Logger;
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 45_000;

/** Hands each letter to an SMTP server (RFC 5321), on a connection of its own. */
export function createSmtpMailer({ url, from, log, deadlineMs = DEADLINE_MS }: SmtpMailerOptions): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    dnsTimeout: 10_000,
  });
  return {
    async send(mail, options) {
      try {
        await transport.sendMail({
          ...toMessage(mail, options, from),
          signal: AbortSignal.timeout(deadlineMs),
        });
      } catch (cause) {
        throw mailError(cause);
      }
      log.info({ mailId: options.id, pii: { to: mail.to } }, 'Sent a letter');
    },
  };
}

/** 5xx answers to this letter are final (RFC 5321, 4.2.1); a wrong password or no TLS is the operator's to mend. */
function mailError(cause: unknown): AppError {
  const { code, responseCode } = cause as { readonly code?: unknown; readonly responseCode?: unknown };
  const refused =
    (code === 'EENVELOPE' || code === 'EMESSAGE') && typeof responseCode === 'number' && responseCode >= 500;
  return new AppError({
    code: refused ? 'mail_refused' : 'mail_unavailable',
    kind: 'unavailable',
    retryable: !refused,
    message: refused ? 'The mail server refuses this letter.' : 'The mail server cannot be reached or does not work.',
    cause,
  });
}
