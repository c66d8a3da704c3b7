import { packagesFor } from './debian-packages.ts';
import type { Place } from './place.ts';
import type { Step } from './step.ts';
import { mediasoupWorker } from './steps/mediasoup-worker.ts';
import { opusAddon, pocketsphinxStream } from './steps/native-program.ts';
import { npmPackages } from './steps/npm-packages.ts';
import { page } from './steps/page.ts';
import { panel } from './steps/panel.ts';
import { systemPackages } from './steps/system-packages.ts';

export interface SetUpOptions {
  /** npm's own program, npm-cli.js. */
  readonly npmCli: string;
  /** Also what the tests and the benchmarks need: a browser, voices. */
  readonly forTests: boolean;
  /** Programs that somebody brought along need not be built: they are named by the variables of `launch.ts`. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The whole set-up, in order. */
export function setUpSteps(place: Place, { npmCli, forTests, environment }: SetUpOptions): Step[] {
  return [
    systemPackages(place, packagesFor('serve', 'build', ...(forTests ? (['test'] as const) : []))),
    npmPackages(place, { npmCli }),
    ...(environment['MEDIASOUP_WORKER_BIN'] ? [] : [mediasoupWorker(place)]),
    ...(environment['POCKETSPHINX_STREAM_BIN'] ? [] : [pocketsphinxStream(place)]),
    ...(environment['OPUS_ADDON'] ? [] : [opusAddon(place)]),
    page(place),
    panel(place),
  ];
}

/** What a container that holds only the finished programs needs; run when it is asked for by name. */
export function imageSteps(place: Place): Step[] {
  return [systemPackages(place, packagesFor('serve', 'image'), 'image-packages')];
}
