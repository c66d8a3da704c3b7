import { Router } from 'express';
import type { Metrics } from '../metrics.ts';
import { contextOf } from './handler.ts';

/** Each rejects when its part is not ready to serve. */
export type ReadinessChecks = Readonly<Record<string, () => Promise<void>>>;

const CHECK_DEADLINE_MS = 2_000;

/** `/healthz`: the process answers. `/readyz`: so does everything that it needs. `/metrics`: Prometheus text. */
export function probes(metrics: Metrics, checks: ReadinessChecks): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    contextOf(response).route = '/healthz';
    response.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    contextOf(response).route = '/readyz';
    const outcomes = await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await run(check)]));
    const ready = outcomes.every(([, outcome]) => outcome === 'ok');
    response
      .set('Cache-Control', 'no-store')
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ready' : 'not_ready', checks: Object.fromEntries(outcomes) });
  });
  router.get('/metrics', async (_request, response) => {
    contextOf(response).route = '/metrics';
    response.set('Content-Type', metrics.contentType).send(await metrics.metrics());
  });
  return router;
}

/** Never rejects, and tells no reasons: the probe is public, the reasons stand in the log of the part itself. */
async function run(check: () => Promise<void>): Promise<'ok' | 'failed'> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('The check took too long')), CHECK_DEADLINE_MS);
  try {
    await Promise.race([check(), late]);
    return 'ok';
  } catch {
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
}
