import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signalingPath, startMediaNode } from '../../src/media/node.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/log.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { unpackFrames } from '../../src/testing/caller/opus-recording.ts';
import { createMemoryMeter, createMemoryStore } from './memory-ports.ts';
import type { MediaReady } from './messages.ts';
import { createScriptedEngines } from './scripted-engines.ts';

/**
 * A media process as the product runs it (signaling, media workers, audio path, conversations), with engines
 * that cost nothing and with calls and minutes from memory. Ends when its parent does.
 */

const nodeId = 'bench';
const sampleRate = Number(process.argv[2]);
const answerMs = Number(process.argv[3]);
// Its lines are the parent's source for each call's frame counts.
const log = createLogger({ level: 'info', process: 'media' });
const metrics = createMetrics('media');
const recording = unpackFrames(await readFile(new URL('voice.opus-frames', import.meta.url)));
const engines = createScriptedEngines({ recording, sampleRate, answerMs });

const httpServer = createServer((request, response) => {
  if (request.url === '/metrics') void metrics.metrics().then((text) => response.end(text));
  else response.writeHead(404).end();
});
httpServer.listen(0, '127.0.0.1');
await once(httpServer, 'listening');

const node = await startMediaNode({
  nodeId,
  httpServer,
  rtc: {
    port: 0,
    listenIp: '127.0.0.1',
    announcedAddress: undefined,
    iceServers: [],
    workerBin: process.env['MEDIASOUP_WORKER_BIN'] || undefined,
    workers: 1,
  },
  opusAddonPath: process.env['OPUS_ADDON'] || undefined,
  store: createMemoryStore(nodeId),
  meter: createMemoryMeter(),
  chooseEngines: () => engines,
  // The token is the call's number; each call has a learner of its own.
  verifyToken: async (token) => ({ callId: token, userId: `learner-${token}` }),
  clock: systemClock,
  log,
  metrics,
});

process.once('disconnect', () => {
  void node.close(0).finally(() => process.exit(0));
});
const ready: MediaReady = {
  type: 'ready',
  port: (httpServer.address() as AddressInfo).port,
  path: signalingPath(nodeId),
  codec: node.codec,
};
process.send?.(ready);
