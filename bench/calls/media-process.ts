import { readFile } from 'node:fs/promises';
import { startMedia } from '../../src/app/media.ts';
import { loadServiceConfig } from '../../src/platform/config.ts';
import { runService } from '../../src/platform/service.ts';
import { unpackFrames } from '../../src/testing/caller/opus-recording.ts';
import { createScriptedEngines } from './scripted-engines.ts';

/** The product's own media process, but for its engines, which cost nothing. */

const config = loadServiceConfig(process.env);
const [sampleRate, answerMs] = process.argv.slice(2).map(Number);
const engines = createScriptedEngines({
  recording: unpackFrames(await readFile(new URL('voice.opus-frames', import.meta.url))),
  sampleRate: sampleRate ?? 22_050,
  answerMs: answerMs ?? 7_000,
});

await runService({
  name: config.media.nodeId,
  config,
  start: (service) => startMedia(config, service, () => ({ choose: () => engines, close: async () => {} })),
});
