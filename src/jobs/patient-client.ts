import pg from 'pg';

type Connected = (error: Error | null, client: pg.Client) => void;

/**
 * PostgreSQL's client for BullMQ, which asks again at once whatever went wrong: workers that were busy when the server
 * went away tried thousands of connections a second against one that was just starting. After a connection that failed
 * the next ones wait, all of the pool's.
 */
export function patientClient(pauseMs: number): typeof pg.Client {
  let failedAtMs = Number.NEGATIVE_INFINITY;

  async function pause(): Promise<void> {
    if (performance.now() - failedAtMs < pauseMs) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return class PatientClient extends pg.Client {
    override connect(): Promise<pg.Client>;
    override connect(callback: Connected): void;
    override connect(callback?: Connected): Promise<pg.Client> | void {
      const connected = pause().then(() => super.connect());
      connected.catch(() => {
        failedAtMs = performance.now();
      });
      if (callback === undefined) return connected;
      connected.then(
        (client) => callback(null, client),
        (error: Error) => callback(error, this),
      );
    }
  };
}
