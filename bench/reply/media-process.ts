import { setTimeout as sleep } from 'node:timers/promises';
import { defaultTurnSettings } from '../../src/media/call/turn-settings.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { preferThisProcess } from '../../src/platform/priority.ts';
import type { Tutor } from '../../src/speech/engine.ts';
import { createScriptedSpeechToText } from '../../src/testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech } from '../../src/testing/engines/scripted-text-to-speech.ts';
import { startTestMediaNode } from '../../src/testing/media-node.ts';
import { parseMetrics } from '../calls/metrics-text.ts';
import type { FromMedia, Scenario, ToMedia } from './messages.ts';
import { Probe } from './probe.ts';
import { loadSpeech } from './speech.ts';

/** A real media node whose engines answer at once, in a process of its own. */

// As the product does with its own.
preferThisProcess(createSilentLogger());
const { thinkMs, answerMs, guesses } = JSON.parse(process.argv[2] ?? '') as Scenario;
const probe = new Probe((await loadSpeech()).at(-1) ?? new Uint8Array());
const closings: (() => Promise<void> | void)[] = [];
const callIds: string[] = [];

const tutor: Tutor = {
  name: 'scripted',
  capabilities: { languages: ['en', 'ru'] },
  async *reply({ occasion }, signal) {
    if (occasion === 'turn' && thinkMs > 0) await sleep(thinkMs, undefined, { signal }).catch(() => {});
    if (!signal.aborted) yield { type: 'text', delta: 'Very good.' };
  },
};
const addon = process.env['OPUS_ADDON'];
const never = 60_000;
const settings = {
  turns: { ...defaultTurnSettings, ...(!guesses && { speculateAfterMs: never }) },
  voice: { startThreshold: 0.5, stopThreshold: 0.35, startAfterMs: 60, stopAfterMs: 100, paddingMs: 300 },
};
const node = await startTestMediaNode(
  { after: (close) => closings.push(close) },
  {
    engines: {
      speechToText: createScriptedSpeechToText({
        utterances: [{ final: 'And what do you think?', partials: [{ afterMs: 900, text: 'and what do you think' }] }],
        repeat: true,
      }),
      tutor,
      textToSpeech: createScriptedTextToSpeech({ durationMs: () => answerMs }),
    },
    ...(addon !== undefined && { opusAddonPath: addon }),
    readSettings: () => Promise.resolve(settings),
  },
);

function tell(message: FromMedia): void {
  process.send?.(message);
}

async function report(): Promise<void> {
  const samples = parseMetrics(await node.metrics.metrics());
  const guessed = samples.filter(({ name }) => name === 'ailingva_speculations_total');
  const used = (outcome: string) => guessed.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;
  const stages: Record<string, number[]> = {};
  for (const turn of callIds.flatMap((callId) => node.turns(callId))) {
    for (const [stage, ms] of Object.entries(turn.stages)) (stages[stage] ??= []).push(ms);
  }
  tell({
    type: 'figures',
    turnaroundsMs: probe.turnaroundsMs,
    stopsMs: probe.stopsMs,
    stages,
    guessesUsed: used('used'),
    guessesDropped: used('dropped'),
  });
}

process.on('message', (message: ToMedia) => {
  if (message.type === 'report') {
    void report();
    return;
  }
  const placed = Array.from({ length: message.calls }, () => node.place());
  callIds.push(...placed.map(({ callId }) => callId));
  tell({ type: 'placed', tokens: placed.map(({ token }) => token) });
});
process.once('disconnect', () => {
  void (async () => {
    for (const close of closings.toReversed()) await close();
    process.exit(0);
  })();
});
tell({ type: 'ready', url: node.url, path: node.path, codec: node.node.codec });
