/** The jobs room's face. */
export { createBoardRouter } from './board.ts';
export type { BoardHandler, BoardOptions } from './board-pages.ts';
export type { JobName, Payload, QueueName } from './definitions.ts';
export { openQueues, type DeadJob, type QueueCounts, type Queues, type QueuesOptions } from './queues.ts';
export { watchQueues, type RollupLag } from './queue-metrics.ts';
export { eraseOld, type Retention } from './retention.ts';
export type { Handlers, JobContext } from './runner.ts';
export { keepSchedules, type Plan } from './schedules.ts';
export { startWorkers, type Workers } from './workers.ts';
