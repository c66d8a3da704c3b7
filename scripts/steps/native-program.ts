import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { buildWithCmake } from '../cmake.ts';
import { fingerprint, readStamp, replace, writeStamp } from '../fingerprint.ts';
import { opusAddon as opusAddonFile, type Place, pocketsphinxProgram } from '../place.ts';
import type { Step } from '../step.ts';

interface NativeProgram {
  /** Its folder in native/, and the step's name. */
  readonly name: string;
  readonly title: string;
  /** What CMake makes, in its build folder. */
  readonly product: string;
  /** Where it is kept. */
  readonly target: string;
  readonly definitions?: Readonly<Record<string, string>>;
}

/** The local recognizer: PCM in, words out. */
export function pocketsphinxStream(place: Place): Step {
  const target = pocketsphinxProgram(place);
  return nativeProgram(place, {
    name: 'pocketsphinx-stream',
    title: 'local recognizer',
    product: 'pocketsphinx-stream',
    target,
  });
}

/** libopus for Node. The headers are those of the Node that runs this, which is the one that will load it. */
export function opusAddon(place: Place): Step {
  const include = path.resolve(path.dirname(process.execPath), '..', 'include', 'node');
  return nativeProgram(place, {
    name: 'opus',
    title: 'Opus addon',
    product: 'opus.node',
    target: opusAddonFile(place),
    definitions: { NODE_INCLUDE: include },
  });
}

/** One folder of native/, built by CMake with the system's libraries and kept for as long as its sources stay the same. */
function nativeProgram(place: Place, program: NativeProgram): Step {
  const { name, title, product, target, definitions = {} } = program;
  const source = path.join(place.root, 'native', name);
  const build = path.join(place.local, 'build', name);
  const stamp = `${target}.stamp`;
  const inputs = (): Promise<string> => fingerprint([source], [process.arch]);

  return {
    name,
    title,
    isDone: async () => existsSync(target) && (await readStamp(stamp)) === (await inputs()),
    async run(context) {
      const from = await inputs();
      await mkdir(path.dirname(target), { recursive: true });
      await buildWithCmake({ root: place.root, source, build, definitions }, context);
      await copyFile(path.join(build, product), `${target}.next`);
      await replace(`${target}.next`, target);
      await writeStamp(stamp, from);
      // CMake refuses a folder that another checkout, or another CMake, has begun.
      await rm(build, { recursive: true, force: true });
    },
    remedy: () => `rm -rf '${build}'`,
  };
}
