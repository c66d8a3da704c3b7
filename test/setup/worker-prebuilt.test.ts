import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import { runCommand } from '../../scripts/command.ts';
import { mediasoupWorkerProgram, type Place, placeOf } from '../../scripts/place.ts';
import type { StepContext } from '../../scripts/step.ts';
import { mediasoupVersion, mediasoupWorker } from '../../scripts/steps/mediasoup-worker.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** A checkout with nothing but mediasoup's npm package without its worker. */
function bareCheckout(t: TestContext): Place {
  const folder = mkdtempSync(path.join(tmpdir(), 'prebuilt-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const packages = path.join(folder, 'node_modules');
  mkdirSync(path.join(packages, 'mediasoup'), { recursive: true });
  for (const file of ['package.json', 'npm-scripts.mjs']) {
    copyFileSync(path.join(root, 'node_modules/mediasoup', file), path.join(packages, 'mediasoup', file));
  }
  for (const name of ['tar', 'node-fetch'])
    symlinkSync(path.join(root, 'node_modules', name), path.join(packages, name));
  mkdirSync(path.join(folder, 'native/mediasoup-worker'), { recursive: true });
  return placeOf(folder);
}

/** Stands where releases are downloaded from, for the time of a test. */
async function releases(t: TestContext, archive: Buffer | undefined): Promise<string[]> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(archive ? 200 : 404).end(archive);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const before = { ...process.env };
  process.env['MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL'] = `http://127.0.0.1:${port}`;
  delete process.env['MEDIASOUP_WORKER_BIN'];
  t.after(() => {
    process.env = before;
    server.close();
  });
  return asked;
}

function contextOf(place: Place, isAllowed: (program: string) => boolean): StepContext {
  const logFile = path.join(place.root, 'step.log');
  const signal = AbortSignal.timeout(60_000);
  return {
    logFile,
    signal,
    progress: () => undefined,
    command: async (program, args, options) => {
      if (!isAllowed(program)) throw new Error(`it was to be built: ${program}`);
      await runCommand(program, args, { ...options, logFile, signal });
    },
  };
}

it('takes the prebuilt worker where it can be had, without building anything', async (t) => {
  const place = bareCheckout(t);
  const version = mediasoupVersion(place);
  const built = process.env['MEDIASOUP_WORKER_BIN'] ?? mediasoupWorkerProgram(placeOf(root), version);
  const archive = execFileSync('tar', ['-cz', '-C', path.dirname(built), path.basename(built)], { maxBuffer: 2 ** 28 });
  const asked = await releases(t, archive);
  const step = mediasoupWorker(place);

  await step.run(contextOf(place, (program) => program === process.execPath));

  assert.match(asked.join(), new RegExp(`^/${version}/mediasoup-worker-${version}-linux-`));
  assert.ok(readFileSync(mediasoupWorkerProgram(place, version)).equals(readFileSync(built)));
  assert.equal(await step.isDone(), true);
});

it('builds where there is none for this machine', async (t) => {
  const place = bareCheckout(t);
  const asked = await releases(t, undefined);
  const step = mediasoupWorker(place);

  await assert.rejects(step.run(contextOf(place, (program) => program === process.execPath)), /it was to be built/);

  assert.equal(asked.length, 1);
  assert.equal(existsSync(mediasoupWorkerProgram(place, mediasoupVersion(place))), false);
  assert.equal(await step.isDone(), false);
});
