/** The analytics room's face. */
export { createAnalytics, type Analytics, type AnalyticsOptions } from './analytics.ts';
export type { RollUpLag, RollUpReport } from './rollup.ts';
