import path from 'node:path';
import { PROJECT_ROOT, type Config, type Environment } from '../platform/config.ts';
import type { ChildDescription } from '../platform/supervisor.ts';
import { MEDIA_NODE_FLAGS } from './media-node-flags.ts';
import { WEB_NODE_FLAGS } from './web-node-flags.ts';

const STOP_DEADLINE_MS = 15_000;

export interface ChildPlan {
  readonly web: ChildDescription;
  readonly media: readonly ChildDescription[];
  readonly jobs: ChildDescription;
}

/** Which processes `up` starts, and what each finds in its environment. */
export function planChildren(config: Config, environment: Environment): ChildPlan {
  const child = (name: string, verb: string, own: Environment = {}, extraStopMs = 0): ChildDescription => ({
    name,
    script: path.join(PROJECT_ROOT, 'src/main.ts'),
    parameters: [verb],
    environment: { ...environment, ...own },
    stopDeadlineMs: STOP_DEADLINE_MS + extraStopMs,
  });
  const { processes, port, drainMs } = config.media;
  return {
    web: { ...child('web', 'web'), nodeFlags: WEB_NODE_FLAGS },
    media: Array.from({ length: processes }, (_, index) => {
      const nodeId = `media-${index}`;
      const own = {
        MEDIA_NODE_ID: nodeId,
        RTC_PORT: String(config.rtc.port + index),
        MEDIA_PORT: String(port === 0 ? 0 : port + index),
      };
      return { ...child(nodeId, 'media', own, drainMs), nodeFlags: MEDIA_NODE_FLAGS };
    }),
    jobs: child('jobs', 'jobs'),
  };
}
