import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takeDialogue } from './dialogue.ts';
import { type DialogueEvent, nextDialogueDeadlineMs, startDialogue } from './dialogue-state.ts';
import { defaultTurnSettings } from './turn-settings.ts';

type Timed<Event> = Event extends { readonly atMs: number } ? Omit<Event, 'atMs'> : never;

/** Plays events at their times, and every deadline between them. */
function createRig() {
  let state = startDialogue(defaultTurnSettings, 0);
  let nowMs = 0;
  const effects: string[] = [];
  const take = (event: DialogueEvent) => {
    const step = takeDialogue(state, event);
    state = step.state;
    effects.push(...step.effects.map(({ type }) => `${Math.round(event.atMs)} ${type}`));
  };
  const until = (ms: number) => {
    for (;;) {
      const deadlineMs = nextDialogueDeadlineMs(state, nowMs);
      if (deadlineMs === undefined || deadlineMs > ms) break;
      nowMs = deadlineMs;
      take({ type: 'time_passed', atMs: nowMs });
    }
    nowMs = ms;
  };
  const at = (atMs: number, event: Timed<DialogueEvent>) => {
    until(atMs);
    take({ ...event, atMs });
  };
  return { at, until, effects, state: () => state };
}

const audible = { type: 'answer_audible', answerId: 'a' } as const;
const over = { type: 'answer_over', answerId: 'a', more: false } as const;

function speaking() {
  const rig = createRig();
  rig.at(0, { type: 'asked' });
  rig.at(100, audible);
  return rig;
}

describe('a dialogue with an engine that takes its own turns', () => {
  it('falls silent after 200 ms of voice, and is interrupted when the engine hears the same', () => {
    const rig = speaking();
    rig.at(1_060, { type: 'voice_started', voicedSinceMs: 1_000 });
    rig.at(1_300, { type: 'engine_voice_started' });
    rig.until(2_000);
    assert.deepEqual(rig.effects, ['1200 hold', '1400 interrupt']);
  });

  it('falls silent at once where the engine hears first', () => {
    const rig = speaking();
    rig.at(1_000, { type: 'engine_voice_started' });
    rig.at(1_100, { type: 'heard', text: 'wait' });
    assert.deepEqual(rig.effects, ['1000 hold', '1100 interrupt']);
  });

  it('goes on after a cough that the engine does not take for speech', () => {
    const rig = speaking();
    rig.at(1_060, { type: 'voice_started', voicedSinceMs: 1_000 });
    rig.at(1_350, { type: 'voice_stopped', silentSinceMs: 1_250 });
    rig.until(3_000);
    assert.deepEqual(rig.effects, ['1200 hold', '1850 go_on']);
  });

  it('does not fall silent for noise again and again', () => {
    const rig = speaking();
    for (let from = 1_000; from < 20_000; from += 3_000) {
      rig.at(from + 60, { type: 'voice_started', voicedSinceMs: from });
      rig.at(from + 400, { type: 'voice_stopped', silentSinceMs: from + 300 });
    }
    assert.equal(
      rig.effects.filter((effect) => effect.endsWith('hold')).length,
      defaultTurnSettings.maxFalseInterruptions,
    );
  });

  it('does not take the late words of the turn before for an interruption', () => {
    const rig = speaking();
    rig.at(500, { type: 'heard', text: 'I like tea' });
    rig.at(1_060, { type: 'voice_started', voicedSinceMs: 1_000 });
    rig.at(1_250, { type: 'heard', text: 'very much' });
    assert.deepEqual(rig.effects, ['1200 hold']);
  });

  it('gives way to the answer to what was said over the last one', () => {
    const rig = speaking();
    rig.at(1_000, { type: 'engine_voice_started' });
    rig.at(1_300, { type: 'engine_voice_stopped' });
    rig.at(1_400, { type: 'answer_started' });
    assert.deepEqual(rig.effects, ['1000 hold', '1400 interrupt']);
  });

  it('asks once who is away, and ends', () => {
    const rig = speaking();
    rig.at(2_000, over);
    rig.until(16_999);
    assert.deepEqual(rig.effects, []);
    rig.until(17_000);
    rig.at(17_000, { type: 'asked' });
    rig.at(17_500, { ...audible, answerId: 'b' });
    rig.at(19_000, { ...over, answerId: 'b' });
    rig.until(100_000);
    assert.deepEqual(rig.effects, ['17000 ask_away', '79000 end_idle']);
  });

  it('knows an engine that takes no notice of a voice for lost, and not for a short sound or silence', () => {
    const rig = speaking();
    rig.at(2_000, over);
    rig.at(3_060, { type: 'voice_started', voicedSinceMs: 3_000 });
    rig.at(3_400, { type: 'voice_stopped', silentSinceMs: 3_300 });
    rig.at(4_060, { type: 'voice_started', voicedSinceMs: 4_000 });
    rig.at(5_600, { type: 'voice_stopped', silentSinceMs: 5_500 });
    rig.until(17_500);
    assert.deepEqual(rig.effects, ['17500 engine_lost']);
  });

  it('is listening again when the engine drops what it heard', () => {
    const rig = speaking();
    rig.at(2_000, over);
    rig.at(3_000, { type: 'engine_voice_started' });
    rig.at(3_300, { type: 'engine_voice_stopped' });
    assert.equal(rig.state().tutor.status, 'thinking');
    rig.until(3_300 + defaultTurnSettings.engineSilenceMs);
    assert.equal(rig.state().tutor.status, 'quiet');
  });

  it('counts silence from where the connection is back', () => {
    const rig = speaking();
    rig.at(2_000, over);
    rig.at(15_000, { type: 'connection_back' });
    rig.until(29_999);
    assert.deepEqual(rig.effects, []);
    rig.until(30_000);
    assert.deepEqual(rig.effects, ['30000 ask_away']);
  });
});
