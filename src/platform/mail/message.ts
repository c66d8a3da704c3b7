import type { SendMailOptions } from 'nodemailer';
import type { Mail, SendOptions } from './mailer.ts';

/** A letter as nodemailer takes it: nothing in it can make the house read a file or an address. */
export function toMessage(mail: Mail, { id }: SendOptions, from: string): SendMailOptions {
  return {
    from,
    // An object is not parsed: whatever stands in it stays one recipient.
    to: { name: '', address: mail.to },
    subject: mail.subject,
    text: mail.text,
    ...(mail.html !== undefined && { html: mail.html }),
    messageId: messageId(id, from),
    // RFC 3834: no answering machine should answer.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

export function messageId(id: string, from: string): string {
  return `<${id}@${/@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? 'localhost'}>`;
}
