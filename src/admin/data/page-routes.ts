import type { Route } from '../../platform/http.ts';
import { attentionRoutes } from './attention-route.ts';
import type { AttentionOptions } from './attention.ts';
import { liveRoutes } from './live-routes.ts';

/** What the panel's own pages ask for beside the figures. Rooms' faces answer it; nothing is written but who read along. */
export function pageRoutes(options: AttentionOptions): Route[] {
  return [...attentionRoutes(options), ...liveRoutes(options)];
}
