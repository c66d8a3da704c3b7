import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  audible,
  back,
  final,
  finished,
  greeting,
  partial,
  play,
  saying,
  started,
  stopped,
  type Timeline,
  voice,
} from './turn-taking.fixture.ts';

const greeted = '0 answer greeting ""';

/** The learner's voice over the tutor's, before it and just after it. */
const interruptions: readonly Timeline[] = [
  {
    name: 'a command stops the tutor as soon as it is known',
    moments: [...greeting, ...voice(940, 1_200), [1_050, partial('stop')], [1_350, final('stop')]],
    log: [greeted, '1050 cancel 0 interrupted', '1900 answer turn "stop"'],
  },
  {
    name: 'Russian: a command stops the tutor',
    language: 'ru',
    moments: [...greeting, ...voice(940, 1_090), [1_250, final('Подожди!')]],
    log: [greeted, '1140 hold 0', '1250 cancel 0 interrupted', '1490 answer turn "Подожди!"'],
  },
  {
    name: 'a hesitation over the tutor is no interruption',
    moments: [...greeting, ...voice(940, 1_300), [1_450, final('um')]],
    log: [greeted, '1140 hold 0', '1450 drop backchannel', '1450 resume 0'],
  },
  {
    name: 'several backchannels in a row are still one',
    moments: [...greeting, ...voice(940, 1_800), [1_950, final('Yeah, yeah, okay.')]],
    log: [greeted, '1140 hold 0', '1950 drop backchannel', '1950 resume 0'],
  },
  {
    name: 'Russian: "да-да, хорошо" lets the tutor go on',
    language: 'ru',
    moments: [...greeting, ...voice(940, 1_500), [1_650, final('Да, да, хорошо.')]],
    log: [greeted, '1140 hold 0', '1650 drop backchannel', '1650 resume 0'],
  },
  {
    name: 'words whose final comes after the tutor has gone on interrupt all the same',
    moments: [...greeting, ...voice(940, 1_500), [2_900, final('listen to me')]],
    log: [
      greeted,
      '1140 hold 0',
      '2640 drop no_words',
      '2640 resume 0',
      '2900 cancel 0 interrupted',
      '2900 answer turn "listen to me"',
    ],
  },
  {
    name: 'a word too short for a voice is none',
    moments: [...greeting, ...voice(1_000, 1_130), [1_300, final('the')]],
    log: [greeted, '1200 hold 0', '1300 drop stray', '1300 resume 0'],
  },
  {
    name: 'after two noises only words stop the tutor',
    moments: [
      ...greeting,
      ...voice(1_000, 1_300),
      [1_450, final('')],
      ...voice(2_000, 2_300),
      [2_450, final('')],
      ...voice(3_000, 3_600),
      [3_750, final('')],
    ],
    log: [
      greeted,
      '1200 hold 0',
      '1450 drop no_words',
      '1450 resume 0',
      '2200 hold 0',
      '2450 drop no_words',
      '2450 resume 0',
      '3750 drop no_words',
    ],
  },
  {
    name: 'words after two noises do stop the tutor',
    moments: [
      ...greeting,
      ...voice(1_000, 1_300),
      [1_450, final('')],
      ...voice(2_000, 2_300),
      [2_450, final('')],
      [3_060, started(3_000)],
      [3_300, partial('no listen')],
    ],
    untilMs: 3_400,
    log: [
      greeted,
      '1200 hold 0',
      '1450 drop no_words',
      '1450 resume 0',
      '2200 hold 0',
      '2450 drop no_words',
      '2450 resume 0',
      '3300 hold 0',
      '3300 cancel 0 interrupted',
    ],
  },
  {
    name: 'a learner who begins as the tutor finishes interrupts nobody',
    moments: [...greeting, ...voice(2_900, 3_800), [3_000, finished(0)], [3_950, final('I am here.')]],
    log: [greeted, '4200 answer turn "I am here."'],
  },
  {
    name: "a noise as the tutor finishes is nobody's turn",
    moments: [...greeting, ...voice(2_900, 3_200), [3_000, finished(0)], [3_350, final('')]],
    log: [greeted, '3900 drop no_words'],
  },
  {
    name: 'a noise that lasts beyond the end of the tutor is not "I did not catch that"',
    moments: [...greeting, ...voice(1_000, 5_000), [3_500, finished(0)], [5_150, final('')]],
    log: [greeted, '1200 hold 0', '2700 drop no_words', '2700 resume 0', '5700 drop no_words'],
  },
  {
    name: '"yes" over the last words of a question is its answer',
    moments: [
      ...greeting,
      ...voice(2_600, 2_850),
      [2_750, partial('yes')],
      [3_000, final('yes')],
      [3_300, finished(0)],
    ],
    log: [greeted, '3000 drop backchannel', '3550 answer turn "yes"'],
  },
  {
    name: '"yes" that stopped the tutor in its last words is its answer, too',
    moments: [...greeting, ...voice(2_600, 2_900), [3_050, final('yes')], [3_300, finished(0)]],
    log: [greeted, '2800 hold 0', '3050 drop backchannel', '3050 resume 0', '3600 answer turn "yes"'],
  },
  {
    name: 'a backchannel long before the end of the tutor is no answer',
    moments: [
      ...greeting,
      ...voice(2_600, 2_850),
      [2_750, partial('yes')],
      [3_000, final('yes')],
      [4_500, finished(0)],
    ],
    log: [greeted, '3000 drop backchannel'],
  },
  {
    name: '"yes" whose final comes after the tutor has finished is an answer',
    moments: [
      ...greeting,
      ...voice(2_600, 2_900),
      [2_750, partial('yes')],
      [3_050, finished(0)],
      [3_100, final('yes')],
    ],
    log: [greeted, '3600 answer turn "yes"'],
  },
  {
    name: 'a backchannel whose final comes long after it, and after the tutor, is none',
    moments: [
      ...greeting,
      ...voice(1_800, 2_000),
      [1_900, partial('mhm')],
      [3_000, finished(0)],
      [3_100, final('mhm')],
    ],
    log: [greeted, '3100 drop backchannel'],
  },
  {
    name: 'an answer that comes to nothing while it is held leaves the learner heard',
    moments: [...greeting, ...voice(940, 1_800), [1_200, finished(0)], [1_950, final('Hello tutor.')]],
    log: [greeted, '1140 hold 0', '2200 answer turn "Hello tutor."'],
  },
  {
    name: 'an outage while the tutor is held lets it go on',
    moments: [...greeting, [1_000, started(940)], [2_000, back]],
    log: [greeted, '1140 hold 0', '2000 drop no_words', '2000 resume 0'],
  },
  {
    name: 'an outage does not stop the tutor',
    moments: [...greeting, [1_000, back], [3_000, finished(0)]],
    log: [greeted],
  },
  {
    name: "the late final of the turn before is not taken for the learner's interruption",
    moments: [
      ...voice(40, 1_000),
      [1_000, partial('hello')],
      [3_550, audible(0)],
      ...voice(3_700, 4_000),
      [3_800, final('hello my friend')],
      [4_150, final('')],
    ],
    log: ['3500 answer turn "hello"', '3800 drop stray', '3900 hold 0', '4150 drop no_words', '4150 resume 0'],
  },
  {
    name: 'a cough before the answer can be heard does not throw the answer away',
    moments: [...saying('Hello.'), ...voice(1_400, 1_700), [1_850, final('')], [1_900, audible(0)]],
    log: ['1300 answer turn "Hello."', '1600 hold 0', '1850 drop no_words', '1850 resume 0'],
  },
  {
    name: 'a sound too short to hold the answer leaves nothing behind',
    moments: [...saying('Hello.'), ...voice(1_400, 1_500), [1_650, final('')], [1_700, audible(0)]],
    log: ['1300 answer turn "Hello."'],
  },
  {
    name: 'a hesitation before the answer can be heard goes on with the turn',
    moments: [...saying('Hello.'), ...voice(1_400, 1_600), [1_500, partial('um')], [1_750, final('um')]],
    log: ['1300 answer turn "Hello."', '1500 cancel 0 continued', '4100 answer turn "Hello. um"'],
  },
  {
    name: 'a learner whose words come late is heard although the answer has begun',
    moments: [...saying('Hello.'), ...voice(1_340, 3_300), [3_050, audible(0)], [3_500, final('How are you?')]],
    log: [
      '1300 answer turn "Hello."',
      '1540 hold 0',
      '3040 drop no_words',
      '3040 resume 0',
      '3500 cancel 0 interrupted',
      '3700 answer turn "How are you?"',
    ],
  },
  {
    name: 'an answer that fails while the learner goes on leaves them heard',
    moments: [...saying('Hello.'), ...voice(1_400, 2_000), [1_500, finished(0)], [2_150, final('again')]],
    log: ['1300 answer turn "Hello."', '2700 answer turn "again"'],
  },
];

const idle: readonly Timeline[] = [
  {
    name: 'the away question is not asked of somebody who begins to speak',
    moments: [...greeting, [1_000, finished(0)], ...voice(15_900, 16_800), [16_950, final('Sorry, I was away.')]],
    log: [greeted, '17200 answer turn "Sorry, I was away."'],
  },
  {
    name: 'words while the away question is made stand in its place',
    moments: [
      ...greeting,
      [1_000, finished(0)],
      ...voice(16_050, 17_000),
      [16_400, partial('i am')],
      [17_150, final('I am here.')],
    ],
    log: [
      greeted,
      '16000 answer away ""',
      '16250 hold 1',
      '16400 cancel 1 interrupted',
      '17400 answer turn "I am here."',
    ],
  },
  {
    name: 'a noise while the away question is made only delays it',
    moments: [...greeting, [1_000, finished(0)], ...voice(16_050, 16_400), [16_550, final('')], [16_600, audible(1)]],
    log: [greeted, '16000 answer away ""', '16250 hold 1', '16550 drop no_words', '16550 resume 1'],
  },
  {
    name: 'noises do not keep an empty room in the call',
    moments: [
      ...greeting,
      [1_000, finished(0)],
      ...voice(5_000, 5_300),
      [5_450, final('')],
      ...voice(15_000, 15_200),
      [15_350, final('')],
    ],
    log: [greeted, '6000 drop no_words', '15900 drop no_words', '18200 answer away ""'],
  },
  {
    name: 'a noise that never ends does not either',
    moments: [...greeting, [1_000, finished(0)], [2_060, started(2_000)], [17_050, audible(1)], [19_000, finished(1)]],
    untilMs: 80_000,
    log: [greeted, '17000 answer away ""', '79000 end idle'],
  },
  {
    name: 'a long turn is no absence',
    moments: [
      ...greeting,
      [1_000, finished(0)],
      [2_060, started(2_000)],
      ...[4, 6, 8, 10, 12, 14, 16, 18].map((second) => [second * 1_000, partial(`word ${second}`)] as const),
      [19_100, stopped(19_000)],
      [19_150, final('A long story.')],
    ],
    log: [greeted, '19400 answer turn "A long story."'],
  },
];

describe('turn-taking: one over the other', () => {
  for (const timeline of [...interruptions, ...idle]) {
    it(timeline.name, () => assert.deepEqual(play(timeline).log, timeline.log));
  }
});
