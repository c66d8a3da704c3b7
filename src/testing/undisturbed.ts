import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { TestContext } from 'node:test';

const ATTEMPTS = 4;
const STOOD_STILL_MS = 250;

/**
 * For what is measured in real time: a scene that fails while this process stood still says nothing, and is held anew. One
 * that fails in an attentive process has failed.
 */
export async function undisturbed(test: TestContext, scene: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const delays = monitorEventLoopDelay({ resolution: 10 });
    delays.enable();
    try {
      return await scene();
    } catch (error) {
      const stillMs = delays.max / 1e6;
      if (attempt === ATTEMPTS || stillMs < STOOD_STILL_MS) throw error;
      test.diagnostic(`again, after this process stood still for ${Math.round(stillMs)} ms: ${String(error)}`);
    } finally {
      delays.disable();
    }
  }
}
