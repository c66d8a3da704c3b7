/**
 * A container's health check: `node scripts/probe.ts http://127.0.0.1:3000/readyz`. Answers 0 when the address answers well
 * within five seconds. The image has neither curl nor wget, and needs none.
 */
const DEADLINE_MS = 5_000;

const [address = ''] = process.argv.slice(2);
try {
  const response = await fetch(address, { signal: AbortSignal.timeout(DEADLINE_MS) });
  process.stdout.write(`${response.status} ${(await response.text()).slice(0, 500)}\n`);
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  process.stdout.write(`${address}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
