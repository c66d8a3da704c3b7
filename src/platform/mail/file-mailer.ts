import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../log.ts';
import type { Mail, Mailer, SendOptions } from './mailer.ts';
import { messageId } from './message.ts';

export interface FileMailerOptions {
  /** Made when it is not there. Letters carry secrets, so only the process' own user may read it. */
  readonly folder: string;
  readonly from: string;
  readonly log: Logger;
}

/**
 * Writes the text of each letter to a file, `<id>.eml`, for a machine without a mail server: readable as it is, with
 * links whole, and by any mail program.
 */
export function createFileMailer({ folder, from, log }: FileMailerOptions): Mailer {
  return {
    async send(mail, options) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = path.join(folder, `${options.id}.eml`);
      // Whoever reads the folder never sees half a letter.
      await writeFile(`${file}.part`, compose(mail, options, from), { mode: 0o600 });
      await rename(`${file}.part`, file);
      log.info({ file, pii: { to: mail.to } }, 'Wrote a letter to a file instead of sending it');
    },
  };
}

/** RFC 5322, with UTF-8 in the header (RFC 6532) and no encoding of the text. */
function compose(mail: Mail, { id }: SendOptions, from: string): string {
  const header = [
    `From: ${from}`,
    `To: ${mail.to}`,
    `Subject: ${mail.subject}`,
    `Message-ID: ${messageId(id, from)}`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ].map((field) => field.replaceAll(/[\r\n]+/g, ' '));
  return [...header, '', ...mail.text.split('\n')].join('\r\n');
}
