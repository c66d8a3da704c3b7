import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EngineBook } from './engine-book.ts';
import type { TurnRecord } from './ports.ts';

const turn: TurnRecord = {
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

it('charges a turn with what was done since the one before, also when it is written again', () => {
  const book = new EngineBook();
  book.add(spoken);
  assert.deepEqual(book.charge(turn).usage, [spoken]);
  book.add(heard);
  assert.deepEqual(book.charge({ ...turn, ordinal: 1 }).usage, [heard]);
  assert.deepEqual(book.charge(turn).usage, [spoken]);
  assert.equal(book.chargeRest(), undefined);
});

it('charges what was done after the last turn to the last turn', () => {
  const book = new EngineBook();
  book.add(heard);
  assert.equal(book.chargeRest(), undefined, 'no turn to charge');
  book.charge(turn);
  book.add(spoken);
  assert.deepEqual(book.chargeRest()?.usage, [heard, spoken]);
});

it('tells who served when that is new, and goes on with what it is given', () => {
  const book = new EngineBook({ used: { stt: ['local'] }, changes: [] });
  assert.deepEqual(book.note(turn)?.used, { stt: ['local'], tutor: ['openai'], tts: ['yandex'] });
  assert.equal(book.note(turn), undefined);
  const change = { kind: 'tts', from: 'yandex', to: 'local', code: 'engine_timed_out', talkedMs: 4_000 } as const;
  book.change(change);
  assert.deepEqual(book.note({ engines: { tts: 'local' } }), {
    used: { stt: ['local'], tutor: ['openai'], tts: ['yandex', 'local'] },
    changes: [change],
  });
});
