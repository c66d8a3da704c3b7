/** The analytics room's face. */
export { createAnalytics, type Analytics, type AnalyticsOptions } from './analytics.ts';
export type { AskedDays, AskedRevenue, LatencyOfDays } from './asked.ts';
export type { EngineCost, Latency } from './latency.ts';
export type { Figures } from './figures.ts';
export type { FiguresAnswer } from './figures-answer.ts';
export type { Revenue, RevenueBucket } from './revenue.ts';
export type { RollUpLag, RollUpReport } from './rollup.ts';
