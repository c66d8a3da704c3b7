import type { Level } from '../../engine.ts';

/**
 * What the tutor says around the sentences, as data. Each list is one thing said in several ways, taken in turn; the
 * sentence to repeat always follows. Short words and short sentences: a beginner must understand them by ear.
 */
export const PHRASES = {
  hello: {
    beginner: ['Hello! I am your English tutor. I say a sentence, and you say it after me.'],
    intermediate: [
      "Hello, and welcome! I'm your English tutor. I say a sentence, you repeat it, and I tell you how it was.",
    ],
    advanced: ["Hello, good to have you here! I'm your tutor. Repeat each sentence after me, as naturally as you can."],
  } satisfies Record<Level, readonly string[]>,
  shortHello: ["Hello! Let's speak English.", "Hi! Let's begin."],
  backAgain: ["Here I am again. Let's go on.", "We are back. Let's go on."],
  /** Before the first sentences, while the game is new. */
  firstCue: ['Repeat after me.', 'Listen, and say it after me.', 'Repeat after me.'],
  cue: [
    'Next one.',
    'Now this.',
    'And now:',
    'Here is another.',
    'Try this one.',
    'Here comes another.',
    'Your turn again.',
    'Listen.',
    'And the next.',
  ],
  lastCue: ['And now the last one.'],
  perfect: ['Perfect!', 'Excellent!', 'Very good!', 'Exactly right!', 'Well done!', 'Great, every word!', 'Lovely!'],
  streak: ["That's {count} in a row!", '{count} perfect ones in a row!'],
  perfectAtLast: ["There it is! You've got it now.", 'Yes, that was it! Well done.', 'You did it!'],
  good: ['Good.', 'Nice.', 'Almost perfect.', 'Very nice.', 'Good work.'],
  fair: ['I understood you.', 'That was clear.', 'Well tried.', 'Good work.'],
  mind: ['Mind the {words}.', 'Just watch the {words}.', 'Only mind the {words}.'],
  weak: ['Almost.', 'Not bad.', 'Nearly.', 'Good try.', 'Close.'],
  weakMind: ['Mind the {words}.', 'Listen for the {words}.', 'Take care of the {words}.'],
  lost: ['I heard something else.', 'That sounded different.', "I didn't catch that."],
  onceMoreSlowly: ['Once more, slowly.', 'Again, a little slower.', 'Listen again, slowly.'],
  lastTry: ['One last time.', 'Let us try it one more time.'],
  goOnKindly: [
    "That was a hard one, and you kept trying. Let's go on.",
    "Never mind, it will come with time. Let's go on.",
    "We'll leave it there for today. You are doing fine.",
  ],
  half: ['Halfway there: five down, five to go.', "That was five of ten. Keep going, you're doing well."],
  repeat: ['Of course.', 'Sure, once more.', 'Gladly.', 'Here it is again.'],
  slower: ['Of course, slower.', 'Sure, I will slow down.', 'No hurry. Listen.'],
  slowest: ['This is as slow as I can go.'],
  faster: ['All right, faster.', "Let's speed up.", 'With pleasure.'],
  fastest: ['This is as fast as I can go.'],
  next: ['All right, the next one.', "Sure, let's move on.", 'Here we go.'],
  skip: ["No problem, we'll leave it out.", "Fine, let's skip it.", 'All right, something else.'],
  help: ['Say the sentence after me. You can also say: repeat, slower, faster, next, next lesson, or stop.'],
  yes: ['Good.', 'Fine.', 'Right.'],
  courtesy: ['Hello! Say it after me.', "Hello to you! Let's try it."],
  notHeard: [
    "I couldn't hear you. Please say it after me.",
    "Sorry, I didn't hear that. Say it once more.",
    'Speak up a little, please.',
  ],
  stillNotHeard: [
    'I still hear nothing. Please check your microphone, then say it after me.',
    'I really want to hear you. Come a little closer to the microphone.',
  ],
  tooEarly: ['Sorry, I talked too long. Listen first, then say it.', 'You were quick! Listen to it once more.'],
  away: ['Are you still there? Here is our sentence again.', "Are you there? Whenever you're ready, say it after me."],
  lesson: ['Our lesson is called: {title}.', "Today's lesson: {title}.", 'The lesson is: {title}.'],
  newLesson: ['The new lesson is called: {title}.', 'Here is a new lesson: {title}.', 'Now something new: {title}.'],
  lessonOver: ['And that was the whole lesson!', "That's the end of this lesson!", 'Lesson done!'],
  lessonLeft: ["All right, let's change the lesson.", 'Sure, something else.'],
  offer: [
    'The next lesson is called: {title}. Shall we go on?',
    'Would you like to do the next one? It is called: {title}.',
  ],
  offerAgain: [
    'Shall we go on with the next lesson, {title}? Say yes, or stop.',
    'Say yes to begin the next lesson, {title}, or stop to finish.',
  ],
  awayAtOffer: ['Are you still there? Say yes for the next lesson, {title}, or say stop.'],
  accepted: ['Wonderful.', 'Great.', 'Good.'],
  sameAgain: ["Good idea, let's do this lesson once more."],
  goodbye: [
    'Goodbye, and see you soon!',
    'Thank you for practising. See you next time!',
    'Have a lovely day. Goodbye!',
  ],
} as const;

/** One of several ways to say it; `turn` goes up by one with every answer. */
export function inTurn(ways: readonly string[], turn: number): string {
  return ways[turn % ways.length] ?? '';
}

/** Puts values where a phrase names them in braces. */
export function fill(phrase: string, values: Readonly<Record<string, string>>): string {
  return phrase.replace(/\{(\w+)\}/gu, (_, name: string) => values[name] ?? '');
}
