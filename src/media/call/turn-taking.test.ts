import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  audible,
  back,
  endOfUtterance,
  final,
  finished,
  greet,
  partial,
  play,
  started,
  stopped,
  type Timeline,
} from './turn-taking.fixture.ts';

const timelines: readonly Timeline[] = [
  {
    name: 'a greeting is heard to its end',
    moments: [
      [0, greet],
      [50, audible(0)],
      [3_000, finished(0)],
    ],
    log: ['0 answer greeting ""'],
  },
  {
    name: 'a turn that may be finished is answered after the middle delay',
    moments: [
      [100, started(40)],
      [900, partial('hello')],
      [1_000, stopped(900)],
      [1_050, final('hello there')],
    ],
    log: ['1600 answer turn "hello there"'],
  },
  {
    name: 'a final that ends a sentence shortens the wait',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_050, final('Hello there.')],
    ],
    log: ['1300 answer turn "Hello there."'],
  },
  {
    name: "the engine's end of utterance shortens the wait",
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_050, final('hello there')],
      [1_060, endOfUtterance],
    ],
    log: ['1300 answer turn "hello there"'],
  },
  {
    name: 'a final that comes after the shortest wait is answered at once',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_450, final('Hello there.')],
    ],
    log: ['1450 answer turn "Hello there."'],
  },
  {
    name: 'a turn that breaks off on a conjunction waits longest',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_050, final('I like tea and')],
    ],
    log: ['3400 answer turn "I like tea and"'],
  },
  {
    name: 'a learner who thinks in mid-sentence is not cut off',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_050, final('I would like to')],
      [2_200, started(2_140)],
      [3_000, stopped(2_900)],
      [3_050, final('order a coffee')],
    ],
    log: ['3600 answer turn "I would like to order a coffee"'],
  },
  {
    name: 'Russian: a conjunction at the end waits too',
    language: 'ru',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_050, final('я хочу чай и')],
    ],
    log: ['3400 answer turn "я хочу чай и"'],
  },
  {
    name: 'a final that never comes is not waited for longer than the longest delay',
    moments: [
      [100, started(40)],
      [1_000, partial('hello')],
      [1_100, stopped(1_000)],
    ],
    log: ['3500 answer turn "hello"'],
  },
  {
    name: 'a noise without words is dropped',
    moments: [
      [100, started(40)],
      [300, stopped(240)],
      [350, final('')],
    ],
    log: ['940 drop no_words'],
  },
  {
    name: 'long speech that no engine understood is answered',
    moments: [
      [100, started(40)],
      [2_000, stopped(1_900)],
      [2_050, final('')],
    ],
    log: ['2600 answer turn ""'],
  },
  {
    name: 'words over the tutor stop it, and are answered',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, started(940)],
      [1_500, partial('wait')],
      [1_900, stopped(1_800)],
      [1_950, final('wait please.')],
    ],
    log: ['0 answer greeting ""', '1140 hold 0', '1500 cancel 0 interrupted', '2200 answer turn "wait please."'],
  },
  {
    name: 'a cough stops the tutor for a moment only',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, started(940)],
      [1_300, stopped(1_250)],
      [1_350, final('')],
    ],
    log: ['0 answer greeting ""', '1140 hold 0', '1350 drop no_words', '1350 resume 0'],
  },
  {
    name: 'a noise that lasts does not keep the tutor silent',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, started(940)],
    ],
    log: ['0 answer greeting ""', '1140 hold 0', '2640 drop no_words', '2640 resume 0'],
  },
  {
    name: 'words after a long noise interrupt all the same',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, started(940)],
      [4_000, partial('stop it')],
    ],
    log: ['0 answer greeting ""', '1140 hold 0', '2640 drop no_words', '2640 resume 0', '4000 cancel 0 interrupted'],
    untilMs: 5_000,
  },
  {
    name: 'a short backchannel does not stop the tutor',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, started(940)],
      [1_130, stopped(1_080)],
      [1_200, final('mm-hm')],
    ],
    log: ['0 answer greeting ""', '1200 drop backchannel'],
  },
  {
    name: 'a backchannel that is known in time does not stop the tutor',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, started(940)],
      [1_100, partial('yeah')],
      [1_400, stopped(1_350)],
      [1_450, final('yeah')],
    ],
    log: ['0 answer greeting ""', '1450 drop backchannel'],
  },
  {
    name: 'a backchannel that is known late lets the tutor go on',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, started(940)],
      [1_400, stopped(1_350)],
      [1_450, final('yeah')],
    ],
    log: ['0 answer greeting ""', '1140 hold 0', '1450 drop backchannel', '1450 resume 0'],
  },
  {
    name: 'Russian backchannel',
    language: 'ru',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, started(940)],
      [1_100, partial('угу')],
      [1_300, stopped(1_250)],
      [1_350, final('угу')],
    ],
    log: ['0 answer greeting ""', '1350 drop backchannel'],
  },
  {
    name: 'a backchannel that grows into a sentence interrupts',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, started(940)],
      [1_100, partial('yeah')],
      [1_600, partial('yeah but why')],
    ],
    log: ['0 answer greeting ""', '1600 hold 0', '1600 cancel 0 interrupted'],
    untilMs: 2_000,
  },
  {
    name: 'the learner goes on before the answer can be heard: one turn, answered once',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_050, final('Hello.')],
      [1_400, started(1_340)],
      [2_000, stopped(1_900)],
      [2_050, final('How are you?')],
      [2_400, audible(1)],
    ],
    log: [
      '1300 answer turn "Hello."',
      '1540 hold 0',
      '2050 cancel 0 continued',
      '2300 answer turn "Hello. How are you?"',
    ],
  },
  {
    name: 'a late final joins the turn while the answer is being made',
    moments: [
      [100, started(40)],
      [1_000, partial('hello')],
      [1_100, stopped(1_000)],
      [3_600, final('hello my friend')],
    ],
    log: ['3500 answer turn "hello"', '3600 cancel 0 continued', '3600 answer turn "hello my friend"'],
    untilMs: 4_200,
  },
  {
    name: 'after long silence the tutor asks, and after longer silence the call ends',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, finished(0)],
      [16_000, audible(1)],
      [18_000, finished(1)],
    ],
    untilMs: 80_000,
    log: ['0 answer greeting ""', '16000 answer away ""', '78000 end idle'],
  },
  {
    name: 'whoever speaks after the question is asked again another time',
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, finished(0)],
      [16_000, audible(1)],
      [18_000, finished(1)],
      [20_000, started(19_940)],
      [21_000, stopped(20_900)],
      [21_050, final('I am here.')],
      [21_400, audible(2)],
      [23_000, finished(2)],
    ],
    untilMs: 40_000,
    log: ['0 answer greeting ""', '16000 answer away ""', '21300 answer turn "I am here."', '38000 answer away ""'],
  },
  {
    name: 'words said before the greeting can be heard stand',
    moments: [
      [0, greet],
      [100, started(40)],
      [700, stopped(600)],
      [750, final('hello tutor')],
      [800, audible(0)],
    ],
    log: ['0 answer greeting ""', '240 hold 0', '750 cancel 0 interrupted', '1300 answer turn "hello tutor"'],
    untilMs: 2_000,
  },
  {
    name: 'a failed answer leaves the tutor listening',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_050, final('Hello.')],
      [1_400, finished(0)],
      [3_000, started(2_940)],
      [4_000, stopped(3_900)],
      [4_050, final('Hello.')],
    ],
    log: ['1300 answer turn "Hello."', '4300 answer turn "Hello."'],
    untilMs: 5_000,
  },
  {
    name: 'an answer of the past is not taken for the present one',
    moments: [
      [0, greet],
      [50, audible(0)],
      [100, finished(7)],
      [120, audible(3)],
      [1_000, finished(0)],
    ],
    log: ['0 answer greeting ""'],
    untilMs: 3_000,
  },
  {
    name: "silence while the connection was gone is nobody's",
    moments: [
      [0, greet],
      [50, audible(0)],
      [1_000, finished(0)],
      [14_000, back],
    ],
    untilMs: 28_000,
    log: ['0 answer greeting ""'],
  },
];

const guesses: readonly Timeline[] = [
  {
    name: 'begins the answer before the endpoint is sure, and uses it when the guess was right',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_010, final('Hello there.')],
    ],
    log: ['1020 speculate 0 "Hello there."', '1300 answer turn "Hello there."'],
  },
  {
    name: 'begins at once when the final comes late',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_150, final('Hello there.')],
    ],
    log: ['1150 speculate 0 "Hello there."', '1300 answer turn "Hello there."'],
  },
  {
    name: 'drops the guess when the learner goes on',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_050, final('hello')],
      [1_300, started(1_240)],
      [2_000, stopped(1_900)],
      [2_050, final('there.')],
    ],
    log: [
      '1050 speculate 0 "hello"',
      '1440 drop speculation 0',
      '2050 speculate 1 "hello there."',
      '2300 answer turn "hello there."',
    ],
  },
  {
    name: 'keeps the guess through a noise, and answers after it',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_050, final('hello')],
      [1_300, started(1_240)],
      [1_420, stopped(1_360)],
      [1_450, final('')],
    ],
    log: ['1050 speculate 0 "hello"', '2060 answer turn "hello"'],
  },
  {
    name: 'does not guess on a phrase that breaks off',
    moments: [
      [100, started(40)],
      [1_000, stopped(900)],
      [1_050, final('i like tea and')],
    ],
    log: ['3400 answer turn "i like tea and"'],
  },
];

describe('turn-taking', () => {
  for (const timeline of timelines) {
    it(timeline.name, () => assert.deepEqual(play(timeline).log, timeline.log));
  }

  for (const timeline of guesses) {
    it(timeline.name, () => assert.deepEqual(play(timeline, { guesses: true }).log, timeline.log));
  }
});
