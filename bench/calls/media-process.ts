import { readFile } from 'node:fs/promises';
import { Histogram } from 'prom-client';
import { startMedia } from '../../src/app/media.ts';
import { loadServiceConfig } from '../../src/platform/config.ts';
import { runService } from '../../src/platform/service.ts';
import { unpackFrames } from '../../src/testing/caller/opus-recording.ts';
import type { LatenessTold, ToMedia } from './messages.ts';
import { createScriptedEngines } from './scripted-engines.ts';

/** The product's own media process, but for its engines, which cost nothing; and it remembers how late each slot was. */

const config = loadServiceConfig(process.env);
const [sampleRate, answerMs] = process.argv.slice(2).map(Number);
const engines = createScriptedEngines({
  recording: unpackFrames(await readFile(new URL('voice.opus-frames', import.meta.url))),
  sampleRate: sampleRate ?? 22_050,
  answerMs: answerMs ?? 7_000,
});

tellLatenessWhenAsked();
await runService({
  name: config.media.nodeId,
  config,
  start: (service) => startMedia(config, service, () => ({ choose: () => engines, close: async () => {} })),
});

/** The metric has buckets only. Here each value is kept from one question to the next, to be told in milliseconds. */
function tellLatenessWhenAsked(): void {
  let latenessMs: number[] = [];
  // Each histogram's `observe` is this one, which its types do not tell of.
  const prototype = Histogram.prototype as unknown as Record<'observeWithoutExemplar', (value: number) => void>;
  const observe = prototype.observeWithoutExemplar;
  prototype.observeWithoutExemplar = function (this: { readonly name?: string }, ...given) {
    if (this.name === 'media_pacer_lateness_seconds') latenessMs.push(given[0] * 1_000);
    Reflect.apply(observe, this, given);
  };
  process.on('message', (message: ToMedia) => {
    if (message.type !== 'lateness') return;
    const told: LatenessTold = { type: 'lateness', latenessMs };
    latenessMs = [];
    process.send?.(told);
  });
}
