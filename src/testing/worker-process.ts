import { startTestWorkers, openTestQueues, type TestStore } from './queue-stores.ts';

/** A worker in a process of its own, which a test kills: tells of each call that it begins with, and finishes none. */

const [databaseUrl = '', redisUrl] = process.argv.slice(2);
const store: TestStore = {
  kind: redisUrl === undefined ? 'postgres' : 'redis',
  databaseUrl,
  redisUrl,
  redis: undefined,
  opened: [],
  restart: () => Promise.reject(new Error('Not from here')),
};
startTestWorkers(store, openTestQueues(store), {
  'finalize-call': ({ callId }) => {
    process.send?.(callId);
    return new Promise(() => {});
  },
});
process.on('disconnect', () => process.exit(1));
