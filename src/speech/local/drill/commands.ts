import { wordsOf } from './words.ts';

/** What a learner may ask for instead of repeating. */
export type Command =
  | 'repeat'
  | 'next'
  | 'skip'
  | 'next_lesson'
  | 'slower'
  | 'faster'
  | 'stop'
  | 'help'
  /** "Yes", "okay": agreement, which matters only after a question. */
  | 'yes'
  /** "No", "not now": asks to end only after a question. */
  | 'no'
  /** "Hello": a courtesy to answer. */
  | 'hello';

/**
 * The words that make a command, in order of weight: "stop, please repeat" is a wish to stop. `*` at the start marks
 * words that are a command only when nothing else is said with them.
 */
const cores: Readonly<Record<Command, readonly string[]>> = {
  stop: [
    'stop',
    'goodbye',
    'good bye',
    'bye',
    'bye bye',
    'finish',
    'quit',
    'exit',
    'end',
    'hang up',
    'enough',
    "that's all",
    'that is all',
    'see you later',
    "i'm done",
    'i am done',
    "i'm finished",
    'i am finished',
    "i'm tired",
    'i am tired',
    'i have to go',
    'i must go',
    'i need to go',
    "i've got to go",
    'i gotta go',
  ],
  next_lesson: [
    'next lesson',
    'new lesson',
    'another lesson',
    'other lesson',
    'different lesson',
    'change the lesson',
    'change lesson',
    'skip the lesson',
    'skip this lesson',
    'skip lesson',
    'next topic',
    'new topic',
    'another topic',
    'different topic',
    'change the topic',
    'change topic',
    'something else',
    'something different',
  ],
  slower: [
    'slower',
    'slow down',
    'slowly',
    'more slowly',
    'too fast',
    'less fast',
    'not so fast',
    'you speak too fast',
    'speak slow',
  ],
  faster: ['faster', 'speed up', 'quicker', 'more quickly', 'quickly', 'too slow', 'not so slow', 'hurry up'],
  help: [
    'help',
    'help me',
    'what can i say',
    'what can i do',
    'what do i do',
    'what should i do',
    'what should i say',
    'what now',
    'how does it work',
    'how does this work',
    "i don't know what to do",
    'i do not know what to do',
    'commands',
    'instructions',
  ],
  skip: ['skip', 'pass', 'skip it', 'skip that', 'skip this one', 'too hard', 'too difficult', 'leave it out'],
  next: [
    'next',
    'next one',
    'next sentence',
    'the next',
    'go on',
    'continue',
    'move on',
    'carry on',
    'keep going',
    'go ahead',
    'another one',
    'another sentence',
    'new sentence',
    "let's go",
    'let us go',
  ],
  repeat: [
    'repeat',
    'again',
    'once more',
    'one more time',
    'say it again',
    'say that again',
    'come again',
    'pardon',
    'pardon me',
    'i beg your pardon',
    'beg your pardon',
    '*sorry',
    '*excuse me',
    '*what',
    '*what was that',
    '*what did you say',
    "didn't hear",
    'did not hear',
    "can't hear",
    'cannot hear',
    "didn't understand",
    'did not understand',
    "don't understand",
    'do not understand',
    "didn't catch",
    'did not catch',
    "didn't get",
    'did not get',
    'try again',
    'one more try',
  ],
  no: ['no', 'nope', 'no thanks', 'no thank you', 'not now', 'not today', 'not really', 'later', 'maybe later'],
  yes: [
    'yes',
    'yeah',
    'yep',
    'ok',
    'okay',
    'sure',
    'of course',
    'ready',
    'all right',
    'alright',
    'fine',
    'great',
    'good',
    'yes please',
    'certainly',
    'why not',
    'i would',
    "i'd love to",
    "i'd like to",
    '*thank you',
    '*thanks',
    'i see',
    'got it',
  ],
  hello: ['hello', 'hi', 'hey', 'good morning', 'good afternoon', 'good evening', 'hello there', 'hi there'],
};

/** Courtesy and small words that may stand around a command without changing it. */
const AROUND: ReadonlySet<string> = new Set(
  [
    "please can could would will you i we me us my your want wanna to like need have let let's lets just now then well so and but",
    'oh ok okay yes yeah no hey hello hi sorry excuse thank thanks tutor teacher sir madam it that this the a an one sentence phrase word',
    "words lesson bit little more much again time once for from with at in of on do say tell speak talk go be is are am i'm i'd",
    "it's that's here today what you're very really maybe think should if possible possibly kindly give there too some um uh er erm",
    'ah hmm mm',
  ]
    .join(' ')
    .split(' '),
);

/** No request is longer; a longer stretch of small words is more likely a sentence misheard. */
const MOST_WORDS = 12;

const phrases = Object.entries(cores).flatMap(([command, texts]) =>
  texts.map((text) => ({
    command: command as Command,
    alone: text.startsWith('*'),
    words: wordsOf(text).map(({ plain }) => plain),
  })),
);

/**
 * Recognizes a spoken request, also a polite one ("can you repeat that please"); nothing else may be said with it.
 * @param asked the sentence that the learner is to repeat, if any: its own words are practised and not obeyed.
 */
export function commandIn(heard: string, asked: string): Command | undefined {
  const words = wordsOf(heard).map(({ plain }) => plain);
  if (words.length > MOST_WORDS) return undefined;
  const practised = new Set(wordsOf(asked).map(({ plain }) => plain));
  for (const { command, alone, words: core } of phrases) {
    if (core.every((word) => practised.has(word))) continue;
    for (const start of placesOf(core, words)) {
      const rest = [...words.slice(0, start), ...words.slice(start + core.length)];
      if (alone ? rest.length === 0 : rest.every((word) => AROUND.has(word))) return command;
    }
  }
  return undefined;
}

function placesOf(core: readonly string[], words: readonly string[]): number[] {
  const places: number[] = [];
  for (let start = 0; start + core.length <= words.length; start += 1) {
    if (core.every((word, index) => words[start + index] === word)) places.push(start);
  }
  return places;
}
