import { after } from 'node:test';
import type { Cleanup } from './cleanup.ts';

/** For what a whole suite opens in its `before`: closed after the suite, the last first. */
export function suiteCleanup(): Cleanup {
  const closings: (() => Promise<void> | void)[] = [];
  after(async () => {
    for (const close of closings.toReversed()) await close();
  });
  return { after: (close) => void closings.push(close) };
}
