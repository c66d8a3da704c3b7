import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createSilentLogger } from '../../platform/log.ts';
import { CallWriter } from './call-writer.ts';
import type { CallRecord, CallStore, TurnRecord } from './ports.ts';

const record: CallRecord = {
  id: 'call-1',
  userId: 'user-1',
  nodeId: 'media-0',
  status: 'live',
  language: 'en',
  level: 'beginner',
  talkedMs: 0,
  tutorMemory: undefined,
};
const greeting: TurnRecord = {
  ordinal: 0,
  speaker: 'tutor',
  text: 'Hello.',
  heardText: 'Hello.',
  interrupted: false,
  words: undefined,
  engines: { tutor: 'openai', tts: 'yandex' },
  startedAtMs: 0,
  durationMs: 900,
  stages: {},
};
const spoken = { kind: 'tts', engine: 'yandex', characters: 6, costMicroRub: 8_000 } as const;
const heard = { kind: 'stt', engine: 'yandex', audioInMs: 2_000, costMicroRub: 21_000 } as const;
const cutOff = { kind: 'tts', engine: 'yandex', characters: 30, costMicroRub: 40_000 } as const;
const ending = { reason: 'hang_up', talkedMs: 5_000 } as const;

it('writes in order, the end last, and charges the last turn with what engines counted as they were closed', async () => {
  const written: unknown[] = [];
  const store: CallStore = {
    load: async () => record,
    turns: async () => [],
    markLive: async () => void written.push('live'),
    saveTurn: async (_callId, { ordinal, usage }) => void written.push(['turn', ordinal, usage]),
    saveTutorMemory: async (_callId, memory) => void written.push(['memory', memory]),
    saveEngines: async (_callId, { used }) => void written.push(['engines', used]),
  };
  const writer = new CallWriter({
    record,
    store,
    meter: {
      beat: () => Promise.reject(new Error('Nobody asked')),
      end: async (_callId, { reason }) => void written.push(['end', reason]),
    },
    log: createSilentLogger(),
    talkedMs: () => 5_000,
  });
  writer.live();
  writer.onUse(spoken);
  writer.turn(greeting);
  writer.memory({ lesson: 1 });
  writer.onUse(heard);
  // Nothing is left to be written by then: the writer waits for the engines themselves.
  await setImmediate();
  const ended = writer.end(ending);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  writer.onUse(cutOff);
  await ended;
  assert.deepEqual(written, [
    'live',
    ['turn', 0, [spoken]],
    ['engines', { tutor: ['openai'], tts: ['yandex'] }],
    ['memory', { lesson: 1 }],
    ['turn', 0, [spoken, heard, cutOff]],
    ['end', 'hang_up'],
  ]);
});
