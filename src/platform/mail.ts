/** Sending mail: queued in the transaction that it is about, sent by the jobs process. */
export { createFileMailer } from './mail/file-mailer.ts';
export type { Mail, Mailer } from './mail/mailer.ts';
export { dropMail, queueMail, sendQueuedMail, type MailReport } from './mail/queue.ts';
export { createSmtpMailer } from './mail/smtp-mailer.ts';
