import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fc } from '../../testing/properties.ts';
import { defaultTurnSettings } from './turn-settings.ts';
import { nextDeadlineMs, startTurnTaking, type TurnEffect, type TurnState } from './turn-state.ts';
import {
  audible,
  back,
  endOfUtterance,
  final,
  finished,
  greet,
  type Moment,
  partial,
  paused,
  resumed,
  started,
  stopped,
} from './turn-taking.fixture.ts';
import { takeTurn } from './turn-taking.ts';
import { unansweredText } from './unanswered-words.ts';

const kinds = [
  'start',
  'stop',
  'pause',
  'resume',
  'partial',
  'final',
  'backchannel',
  'empty',
  'audible',
  'finished',
  'ended',
  'back',
  'greet',
] as const;

const steps = fc.array(
  fc.record({
    // With fractions, as a real clock has them.
    gapMs: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 3_000 })).map((ms) => ms * 1.000_37),
    kind: fc.constantFrom(...kinds),
  }),
  { maxLength: 80 },
);

type Steps = readonly { readonly gapMs: number; readonly kind: (typeof kinds)[number] }[];

/** A caller and engines that do whatever they like, and a record of what was decided. */
class Run {
  state: TurnState = startTurnTaking({ language: 'en', settings: defaultTurnSettings, atMs: 0 });
  nowMs = 0;
  /** Words that were finally heard, and those that were answered to the end, or dropped with a word about it. */
  readonly said: string[] = [];
  readonly settled = new Set<string>();
  #open: number | undefined;
  #guess: number | undefined;
  #held = false;
  #pending: readonly string[] = [];

  send(moment: Moment): void {
    const step = takeTurn(this.state, { ...moment, atMs: this.nowMs });
    this.state = step.state;
    for (const effect of step.effects) this.#check(effect);
  }

  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let count = 0; ; count++) {
      assert.ok(count < 1_000, 'deadlines without end');
      const deadlineMs = nextDeadlineMs(this.state, this.nowMs);
      if (deadlineMs === undefined || deadlineMs > untilMs) break;
      this.nowMs = deadlineMs;
      this.send({ type: 'time_passed' });
    }
    this.nowMs = untilMs;
  }

  /** The tutor's answer is played; nothing plays while it is held. */
  playAnswer(): void {
    if (this.#open !== undefined && !this.#held) this.send(audible(this.#open));
  }

  /** It is over, or came to nothing; the latter can happen at any time. */
  finishAnswer(): void {
    const answer = this.#open;
    if (answer === undefined) return;
    this.#close();
    for (const word of this.#pending) this.settled.add(word);
    this.send(finished(answer));
  }

  #close(): void {
    this.#open = undefined;
    this.#held = false;
  }

  #check(effect: TurnEffect): void {
    switch (effect.type) {
      case 'speculate':
        assert.equal(this.#open, undefined, 'a guess beside an answer');
        assert.equal(this.#guess, undefined, 'two guesses at once');
        this.#guess = effect.answer;
        return;
      case 'drop_speculation':
        assert.equal(this.#guess, effect.answer);
        this.#guess = undefined;
        return;
      case 'answer':
        assert.equal(this.#open, undefined, 'two answers at once');
        assert.ok(this.#guess === undefined || this.#guess === effect.answer, 'an answer beside a guess');
        this.#guess = undefined;
        this.#open = effect.answer;
        this.#pending = effect.text.split(' ');
        return;
      case 'hold_answer':
        assert.equal(this.#open, effect.answer);
        assert.equal(this.#held, false, 'held twice');
        this.#held = true;
        return;
      case 'resume_answer':
        assert.equal(this.#open, effect.answer);
        assert.equal(this.#held, true, 'resumed without being held');
        this.#held = false;
        return;
      case 'cancel_answer':
        assert.equal(this.#open, effect.answer);
        // A turn that goes on is answered later, as a whole.
        if (effect.because === 'interrupted') for (const word of this.#pending) this.settled.add(word);
        this.#close();
        return;
      case 'drop_words':
        for (const word of effect.text.split(' ')) this.settled.add(word);
        return;
      case 'split_utterance':
      case 'end_idle':
        return;
      default:
        effect satisfies never;
    }
  }
}

function run(given: Steps): Run {
  const learned = new Run();
  for (const { gapMs, kind } of given) {
    learned.pass(gapMs);
    const { nowMs } = learned;
    const sayFinal = (text: string) => {
      learned.said.push(text);
      learned.send(final(text));
    };
    if (kind === 'start') learned.send(started(nowMs - 60));
    else if (kind === 'stop') learned.send(stopped(nowMs - 100));
    else if (kind === 'pause') learned.send(paused(nowMs - 60));
    else if (kind === 'resume') learned.send(resumed);
    else if (kind === 'partial') learned.send(partial('something'));
    else if (kind === 'final') sayFinal(`word${learned.said.length}`);
    else if (kind === 'backchannel') sayFinal('yeah');
    else if (kind === 'empty') learned.send(final(''));
    else if (kind === 'audible') learned.playAnswer();
    else if (kind === 'finished') learned.finishAnswer();
    else if (kind === 'ended') learned.send(endOfUtterance);
    else if (kind === 'greet') learned.send(greet);
    else learned.send(back);
  }
  return learned;
}

/** The learner says no more; everybody finishes. */
function settleDown(after: Run): void {
  for (let round = 0; round < 4; round += 1) {
    after.pass(defaultTurnSettings.maxEndpointDelayMs + 10);
    after.playAnswer();
    after.finishAnswer();
  }
}

function assertSettled(after: Run): void {
  assert.equal(after.state.tutor.status, 'quiet', 'listening');
  assert.equal(unansweredText(after.state.words), '', 'nothing is left unanswered');
  assert.deepEqual(
    after.said.filter((word) => !after.settled.has(word)),
    [],
    'every word was answered or dropped',
  );
}

describe('turn-taking, whatever happens', () => {
  it('speaks once at a time, answers or drops every word, and ends listening', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const after = run(given);
        after.send(stopped(after.nowMs));
        after.send(final(''));
        settleDown(after);
        assertSettled(after);
      }),
      { numRuns: 1_000 },
    );
  });

  it('does so although the engine never says another word', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const after = run(given);
        after.send(stopped(after.nowMs));
        settleDown(after);
        assertSettled(after);
      }),
      { numRuns: 1_000 },
    );
  });

  it('does so although the voice never ends, once it has shown words', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const after = run(given);
        after.send(started(after.nowMs));
        after.pass(100);
        after.send(partial('something else'));
        settleDown(after);
        assertSettled(after);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves an empty room: asks once, then ends, whatever was before', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const after = run(given);
        after.send(stopped(after.nowMs));
        settleDown(after);
        const events: string[] = [];
        const { awayAfterMs, endAfterAwayMs } = defaultTurnSettings;
        for (let round = 0; round < 3; round += 1) {
          const { nowMs, state } = after;
          const deadlineMs = nextDeadlineMs(state, nowMs);
          if (deadlineMs === undefined) break;
          after.nowMs = deadlineMs;
          const { effects } = takeTurn(state, { type: 'time_passed', atMs: deadlineMs });
          after.send({ type: 'time_passed' });
          events.push(...effects.map((effect) => (effect.type === 'answer' ? effect.occasion : effect.type)));
          after.playAnswer();
          after.finishAnswer();
          if (events.includes('end_idle')) break;
        }
        assert.ok(events.join(' ') === 'away end_idle' || events.join(' ') === 'end_idle', events.join(' '));
        assert.ok(awayAfterMs < endAfterAwayMs);
      }),
      { numRuns: 500 },
    );
  });
});
