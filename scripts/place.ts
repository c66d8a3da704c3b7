import path from 'node:path';

/** Where a checkout keeps its things. Everything that the set-up makes stands under `local`. */
export interface Place {
  /** The checkout. */
  readonly root: string;
  /** `.local/`: not in git, may be deleted at any time; the next set-up makes it again. */
  readonly local: string;
}

export function placeOf(root: string): Place {
  return { root, local: path.join(root, '.local') };
}

export const mediasoupWorkerProgram = ({ local }: Place, version: string): string =>
  path.join(local, 'mediasoup-worker', version, 'mediasoup-worker');

export const pocketsphinxProgram = ({ local }: Place): string => path.join(local, 'native', 'pocketsphinx-stream');

export const opusAddon = ({ local }: Place): string => path.join(local, 'native', 'opus.node');

/** What `vite build` makes: `index.html` and `assets/`. */
export const pageFolder = ({ local }: Place): string => path.join(local, 'web');

/** What bundling the back office makes: `bundle.js` and its fonts. */
export const panelFolder = ({ local }: Place): string => path.join(local, 'panel');

/** Held by a running `up`, in the folder where it keeps its data. */
export const pidFile = ({ root, local }: Place, environment: NodeJS.ProcessEnv): string =>
  path.join(path.resolve(root, environment['DATA_DIR'] || local), 'up.pid');
