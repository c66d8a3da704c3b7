import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const DEADLINE_MS = 20_000;
const LOOK_EVERY_MS = 200;

/** The link of the letter to this address that leads to the page; the jobs process writes it within seconds. */
export async function linkInLetterTo(outbox: string, email: string, page = 'confirm'): Promise<string> {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    for (const letter of await readLetters(outbox)) {
      const link = /^https?:\/\/\S+\/([\w-]+)\?token=\S+/m.exec(letter);
      if (link?.[1] === page && letter.includes(`\r\nTo: ${email}\r\n`)) return link[0];
    }
    await wait(LOOK_EVERY_MS);
  }
  throw new Error(`No letter to ${email} with a link to ${page} was written to ${outbox}`);
}

async function readLetters(outbox: string): Promise<string[]> {
  // The folder is made with the first letter.
  const names = await readdir(outbox).catch(() => []);
  const letters = names.filter((name) => name.endsWith('.eml'));
  return await Promise.all(letters.map((name) => readFile(path.join(outbox, name), 'utf8')));
}
