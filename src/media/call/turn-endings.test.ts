import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  audible,
  back,
  endOfUtterance,
  final,
  finished,
  partial,
  paused,
  play,
  resumed,
  saying,
  started,
  stopped,
  type Timeline,
  voice,
} from './turn-taking.fixture.ts';

/** Where a turn ends: nobody is cut off who thinks, nobody waits who has finished, whatever the engine does. */
const timelines: readonly Timeline[] = [
  {
    name: 'a hesitation at the end waits longest',
    moments: saying('I went to um'),
    log: ['3400 answer turn "I went to um"'],
  },
  {
    name: 'a hesitation alone is not answered',
    moments: [...voice(100, 400), [550, final('um')]],
    log: ['2900 drop hesitation'],
  },
  {
    name: 'a hesitation opens the turn that follows it',
    moments: [...voice(100, 400), [550, final('um')], ...voice(2_000, 2_600), [2_750, final('the market')]],
    log: ['3300 answer turn "um the market"'],
  },
  {
    name: 'Russian: a hesitation alone is not answered',
    language: 'ru',
    moments: [...voice(100, 400), [550, final('э-э')]],
    log: ['2900 drop hesitation'],
  },
  {
    name: 'a short answer is whole although it ends on a verb that wants more',
    moments: saying('yes i am'),
    log: ['1600 answer turn "yes i am"'],
  },
  {
    name: 'Russian: "да" is an answer',
    language: 'ru',
    moments: saying('да'),
    log: ['1600 answer turn "да"'],
  },
  {
    name: 'a question may end with a preposition',
    moments: saying('where are you from'),
    log: ['1600 answer turn "where are you from"'],
  },
  {
    name: 'three dots trail off',
    moments: saying('I think...'),
    log: ['3400 answer turn "I think..."'],
  },
  {
    name: 'a comma promises more',
    moments: saying('On Monday,'),
    log: ['3400 answer turn "On Monday,"'],
  },
  {
    name: "the engine's end of utterance does not make a broken phrase whole",
    moments: [...saying('I would like to'), [1_060, endOfUtterance]],
    log: ['3400 answer turn "I would like to"'],
  },
  {
    name: "the engine's end of utterance may come before the final",
    moments: [...voice(40, 900), [1_020, endOfUtterance], [1_050, final('hello there')]],
    log: ['1300 answer turn "hello there"'],
  },
  {
    name: "the engine's end of utterance is void when the voice goes on",
    moments: [...voice(40, 2_000), [500, endOfUtterance], [2_150, final('and then we went home')]],
    log: ['2700 answer turn "and then we went home"'],
  },
  {
    name: "the engine's end of utterance is void when more words come",
    moments: [
      ...voice(40, 900),
      [700, partial('hello')],
      [800, endOfUtterance],
      [850, partial('hello my')],
      [1_050, final('hello my friend')],
    ],
    log: ['1600 answer turn "hello my friend"'],
  },
  {
    name: 'Russian: a learner who looks for a word is not cut off',
    language: 'ru',
    moments: [...saying('я хочу'), ...voice(2_140, 2_900), [3_050, final('кофе')]],
    log: ['3600 answer turn "я хочу кофе"'],
  },
  {
    name: 'Russian: "потому что" waits',
    language: 'ru',
    moments: saying('я устал потому что'),
    log: ['3400 answer turn "я устал потому что"'],
  },
  {
    name: 'a learner who thinks twice says one turn',
    moments: [
      ...saying('I would like to'),
      ...voice(2_400, 2_900),
      [3_050, final('buy the')],
      ...voice(5_000, 5_500),
      [5_650, final('red one.')],
    ],
    log: ['5900 answer turn "I would like to buy the red one."'],
  },
  {
    name: 'the finals of two short utterances may come after both',
    moments: [...voice(100, 400), ...voice(700, 1_000), [1_150, final('one')], [1_300, final('two.')]],
    log: ['1400 answer turn "one two."'],
  },
  {
    name: 'an engine that closes the utterance before the detector leaves nothing to wait for',
    moments: [
      [100, started(40)],
      [1_000, final('Hello there.')],
      [1_050, stopped(900)],
    ],
    log: ['1300 answer turn "Hello there."'],
  },
  {
    name: 'an engine that closes an utterance in mid-speech is waited for again',
    moments: [...voice(40, 2_500), [1_000, final('Hello there.')], [2_700, final('How are you?')]],
    log: ['2900 answer turn "Hello there. How are you?"'],
  },
  {
    name: 'an engine that closes in mid-speech and says nothing more is not waited for endlessly',
    moments: [...voice(40, 2_500), [1_000, final('Hello there.')]],
    log: ['5000 answer turn "Hello there."'],
  },
  {
    name: 'a partial that repeats the final says nothing',
    moments: [...saying('hello there'), [1_100, partial('Hello there')]],
    log: ['1600 answer turn "hello there"'],
  },
  {
    name: 'a partial after the final begins another utterance of the same turn',
    moments: [...saying('hello'), [1_100, partial('my friend')], [1_200, final('my friend.')]],
    log: ['1300 answer turn "hello my friend."'],
  },
  {
    name: 'words of a voice that the detector does not hear are waited out',
    moments: [
      [5_000, partial('hello')],
      [5_400, partial('hello there')],
      [5_800, final('hello there')],
    ],
    log: ['6500 answer turn "hello there"'],
  },
  {
    name: 'a final alone of such a voice is waited out, too',
    moments: [[5_000, final('Hello there.')]],
    log: ['5400 answer turn "Hello there."'],
  },
  {
    name: 'a late final of the same words changes nothing',
    moments: [...voice(40, 1_000), [1_000, partial('hello')], [3_600, final('Hello.')]],
    log: ['3500 answer turn "hello"'],
  },
  {
    name: 'a late final is dropped when the answer can be heard',
    moments: [...voice(40, 1_000), [1_000, partial('hello')], [3_550, audible(0)], [3_600, final('hello my friend')]],
    log: ['3500 answer turn "hello"', '3600 drop stray'],
  },
  {
    name: 'a late final is joined with what is said meanwhile',
    moments: [
      ...voice(40, 1_000),
      [1_000, partial('hello')],
      ...voice(3_600, 4_200),
      [3_700, final('hello my')],
      [4_350, final('friend.')],
    ],
    log: ['3500 answer turn "hello"', '3700 cancel 0 continued', '4600 answer turn "hello my friend."'],
  },
  {
    name: 'a radio that goes on after the words does not keep the tutor silent',
    moments: [
      [1_060, started(1_000)],
      [1_800, partial('hello tutor')],
      [4_350, audible(0)],
      [4_400, final('hello tutor')],
    ],
    log: ['4300 answer turn "hello tutor"', '4300 split', '4400 drop stray'],
  },
  {
    name: 'words through the radio are the next turn',
    moments: [
      [1_060, started(1_000)],
      [1_800, partial('hello tutor')],
      [4_350, audible(0)],
      [4_400, final('hello tutor')],
      [5_000, partial('wait')],
      [5_600, partial('wait a bit')],
      [5_700, stopped(5_600)],
      [5_750, final('Wait a bit.')],
    ],
    log: [
      '4300 answer turn "hello tutor"',
      '4300 split',
      '4400 drop stray',
      '5000 cancel 0 interrupted',
      '6000 answer turn "Wait a bit."',
    ],
  },
  {
    name: 'a voice that is noticed twice began once',
    moments: [
      [100, started(40)],
      [560, started(500)],
      [1_000, stopped(900)],
      [1_050, final('Hello.')],
    ],
    log: ['1300 answer turn "Hello."'],
  },
  {
    name: 'a silence that nothing was before is nothing',
    moments: [[500, stopped(400)]],
    log: [],
  },
  {
    name: 'a learner whose connection comes back in mid-word is answered',
    moments: [
      [1_060, started(1_000)],
      [1_500, partial('i like tea')],
      [3_000, back],
    ],
    log: ['3700 answer turn "i like tea"'],
  },
  {
    name: 'a connection that comes back leaves the answer under way alone',
    moments: [...saying('Hello.'), [2_000, back], [2_050, audible(0)], [2_500, back], [3_000, finished(0)]],
    log: ['1300 answer turn "Hello."'],
  },
];

const guesses: readonly Timeline[] = [
  {
    name: 'guesses on words that have settled, before their final',
    moments: [...voice(40, 900), [800, partial('hello there')], [1_200, final('Hello there.')]],
    log: ['1020 speculate 0 "hello there"', '1300 answer turn "Hello there."'],
  },
  {
    name: 'drops the guess when the final says something else',
    moments: [...voice(40, 900), [800, partial('hello there')], [1_200, final('hello their friend')]],
    log: [
      '1020 speculate 0 "hello there"',
      '1200 drop speculation 0',
      '1200 speculate 1 "hello their friend"',
      '1600 answer turn "hello their friend"',
    ],
  },
  {
    name: 'does not guess while the words still change',
    moments: [
      ...voice(40, 900),
      [800, partial('hello')],
      [1_010, partial('hello there')],
      [1_050, partial('hello there my')],
      [1_100, final('hello there my friend.')],
    ],
    log: ['1100 speculate 0 "hello there my friend."', '1300 answer turn "hello there my friend."'],
  },
  {
    name: 'guesses on a pause, before the voice is sure to be over',
    moments: [
      [100, started(40)],
      [700, partial('hello there')],
      [960, paused(900)],
      [1_050, stopped(900)],
      [1_100, final('Hello there.')],
    ],
    log: ['1020 speculate 0 "hello there"', '1300 answer turn "Hello there."'],
  },
  {
    name: 'drops the guess when the voice goes on after the pause',
    moments: [
      [100, started(40)],
      [700, partial('hello there')],
      [960, paused(900)],
      [1_060, resumed],
      [2_000, partial('hello there my friend')],
      [2_060, paused(2_000)],
      [2_150, stopped(2_000)],
      [2_200, final('Hello there, my friend.')],
    ],
    log: [
      '1020 speculate 0 "hello there"',
      '1060 drop speculation 0',
      '2120 speculate 1 "hello there my friend"',
      '2400 answer turn "Hello there, my friend."',
    ],
  },
  {
    name: 'does not guess on a pause too short',
    moments: [
      [100, started(40)],
      [460, paused(400)],
      [700, partial('hello')],
      [700, resumed],
      [960, paused(900)],
      [1_000, resumed],
      [2_100, stopped(2_000)],
      [2_150, final('Hello there.')],
    ],
    log: [
      '2120 speculate 0 "hello"',
      '2150 drop speculation 0',
      '2150 speculate 1 "Hello there."',
      '2400 answer turn "Hello there."',
    ],
  },
  {
    name: 'keeps the guess over an outage, and answers after it',
    moments: [...saying('hello'), [1_100, back]],
    log: ['1050 speculate 0 "hello"', '1800 answer turn "hello"'],
  },
];

describe('turn-taking: the end of a turn', () => {
  for (const timeline of timelines) {
    it(timeline.name, () => assert.deepEqual(play(timeline).log, timeline.log));
  }

  for (const timeline of guesses) {
    it(timeline.name, () => assert.deepEqual(play(timeline, { guesses: true }).log, timeline.log));
  }

  it('loses no deadline to rounding', () => {
    // 0.1 + 0.2 and its like: the sum minus one of its parts is not the other.
    for (let tenth = 0; tenth < 2_000; tenth += 1) {
      const offset = 123_456 + tenth * 0.1;
      const moments = [
        [offset + 60, started(offset)],
        [offset + 460, stopped(offset + 360.7)],
        [offset + 500, final('hello')],
      ] as const;
      assert.equal(play({ moments }).log.filter((line) => line.includes('answer turn')).length, 1, String(offset));
    }
  });
});
