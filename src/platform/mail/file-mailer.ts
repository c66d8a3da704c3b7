import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTransport } from 'nodemailer';
import type { Logger } from '../log.ts';
import type { Mailer } from './mailer.ts';
import { toMessage } from './message.ts';

export interface FileMailerOptions {
  /** Made when it is not there. Letters carry secrets, so only the process' own user may read it. */
  readonly folder: string;
  readonly from: string;
  readonly log: Logger;
}

/** Writes each letter to a file, `<id>.eml`, which any mail program opens; for a machine without a mail server. */
export function createFileMailer({ folder, from, log }: FileMailerOptions): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  return {
    async send(mail, options) {
      const { message } = await transport.sendMail(toMessage(mail, options, from));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = path.join(folder, `${options.id}.eml`);
      // Whoever reads the folder never sees half a letter.
      await writeFile(`${file}.part`, message, { mode: 0o600 });
      await rename(`${file}.part`, file);
      log.info({ file, pii: { to: mail.to } }, 'Wrote a letter to a file instead of sending it');
    },
  };
}
