import path from 'node:path';
import { z } from 'zod';
import { missing, type Basics, type Problem, type Values } from './values.ts';

/** `anna@example.com`, or with the name that people see: `AIlingva <no-reply@example.com>`. */
const sender = z
  .string()
  .refine(
    (value) => z.email().safeParse(/^[^<>\r\n"]*<([^<>]+)>$/.exec(value)?.[1] ?? value).success,
    'must be an e-mail address, or a name and <address>',
  );

export const mailVariables = {
  MAIL_FROM: sender.optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be an smtp:// or smtps:// address' }).optional(),
};

type Variables = Values<typeof mailVariables>;

export function mailProblems(v: Variables): Problem[] {
  return v.SMTP_URL === undefined ? [] : missing(v, ['MAIL_FROM'], 'when SMTP_URL is');
}

export function arrangeMail(v: Variables, { dataDir }: Basics) {
  return {
    mail: {
      from: v.MAIL_FROM ?? 'AIlingva <no-reply@localhost>',
      /** Without it letters are written to files in `outbox`. */
      smtpUrl: v.SMTP_URL,
      outbox: path.join(dataDir, 'outbox'),
    },
  };
}
