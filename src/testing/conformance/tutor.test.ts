import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Tutor, TutorEvent } from '../../speech/engine.ts';
import { createScriptedTutor } from '../engines/scripted-tutor.ts';
import { Proof } from './proof.ts';
import { findTutorViolations, tutorRules } from './tutor.ts';

/** The suite is proven here: a good engine passes, and for each rule there is an engine that breaks it. */

/** What a good engine has time for, also on a busy machine, ... */
const patientMs = 3_000;
/** ... and how long a broken one is waited for. */
const deadlineMs = 60;
const proof = new Proof(tutorRules);

describe('the tutor suite', () => {
  const good = () => createScriptedTutor();
  const violations = (tutor: () => Tutor, waitMs = deadlineMs) =>
    findTutorViolations(() => ({ tutor: tutor(), deadlineMs: waitMs, deterministic: true }));
  const replying = (events: readonly TutorEvent[]) => () => createScriptedTutor({ answers: [{ events }] });
  const text = { type: 'text', delta: 'Well done.' } as const;

  test('passes a good tutor', async () => {
    assert.deepEqual(await violations(good, patientMs), []);
  });

  test('sees an answer without words, or that never ends', async () => {
    proof.assertViolates(await violations(replying([])), /greets/, /each level/);
    const stuck = () => createScriptedTutor({ answers: [{ events: [text], stall: true }] });
    proof.assertViolates(await violations(stuck), /greets/);
  });

  test('sees an assessment after the text, and one that cannot be', async () => {
    const assessment = { expected: 'a', words: [], percent: 50 };
    proof.assertViolates(await violations(replying([text, { type: 'assessment', assessment }])), /greets/);
    const impossible = { ...assessment, percent: 101 };
    proof.assertViolates(await violations(replying([{ type: 'assessment', assessment: impossible }, text])), /greets/);
  });

  test('sees a cost that cannot be', async () => {
    const usage = { inputTokens: Number.NaN, outputTokens: 1 };
    proof.assertViolates(await violations(replying([{ type: 'usage', usage }, text])), /greets/);
  });

  test('sees a memory that does not survive JSON', async () => {
    proof.assertViolates(
      await violations(replying([{ type: 'memory', memory: { when: new Date(0) } }, text])),
      /greets/,
    );
  });

  test('sees words after the abort', async () => {
    const deaf = (): Tutor => {
      const tutor = createScriptedTutor({ answers: [{ events: [text, text, text] }] });
      return { ...tutor, reply: (request) => tutor.reply(request, new AbortController().signal) };
    };
    proof.assertViolates(await violations(deaf), /aborted before/, /at any moment/);
  });

  test('sees a tutor that keeps something between requests', async () => {
    const counting = () => {
      let count = 0;
      return createScriptedTutor({ answers: () => `Answer ${count++}.` });
    };
    proof.assertViolates(await violations(counting), /keeps nothing/, /two at once/);
  });

  test('sees a tutor that stumbles over what it hears or remembers', async () => {
    const fragile = () =>
      createScriptedTutor({
        answers: ({ heard, memory }) => (heard.trim() === '' || memory ? { events: [], failure: {} } : 'Good.'),
      });
    proof.assertViolates(await violations(fragile), /whatever was heard/, /whatever memory/);
  });
});

test('no rule is without its broken engine', () => proof.assertWhole());
