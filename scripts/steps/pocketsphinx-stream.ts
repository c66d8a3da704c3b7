import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { buildWithCmake } from '../cmake.ts';
import { fingerprint, readStamp, replace, writeStamp } from '../fingerprint.ts';
import { type Place, pocketsphinxProgram } from '../place.ts';
import type { Step } from '../step.ts';

/** The local recognizer's program, built from native/pocketsphinx-stream/ with the system's libraries. */
export function pocketsphinxStream(place: Place): Step {
  const source = path.join(place.root, 'native', 'pocketsphinx-stream');
  const build = path.join(place.local, 'build', 'pocketsphinx-stream');
  const program = pocketsphinxProgram(place);
  const stamp = `${program}.stamp`;
  const inputs = (): Promise<string> => fingerprint([source], [process.arch]);

  return {
    name: 'pocketsphinx-stream',
    title: 'local recognizer',
    isDone: async () => existsSync(program) && (await readStamp(stamp)) === (await inputs()),
    async run(context) {
      const from = await inputs();
      await mkdir(path.dirname(program), { recursive: true });
      await buildWithCmake({ root: place.root, source, build }, context);
      await copyFile(path.join(build, 'pocketsphinx-stream'), `${program}.next`);
      await replace(`${program}.next`, program);
      await writeStamp(stamp, from);
    },
    remedy: () => `rm -rf '${build}'`,
  };
}
