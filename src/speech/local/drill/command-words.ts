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
 * The words that make a command, separated by commas, in order of weight: "stop, please repeat" is a wish to stop.
 * `*` marks words that are a command only when nothing else is said with them.
 */
export const COMMAND_WORDS: Readonly<Record<Command, string>> = {
  stop: `stop, goodbye, good bye, bye, bye bye, hang up, *finish, *quit, *exit, *end, *enough, let's finish, finish now,
    finish here, finish the lesson, finish the call, end the lesson, end the call, that's enough, that's all, that is all,
    see you later, i'm done, i am done, i'm finished, i am finished, i'm tired, i am tired, i have to go, i must go,
    i need to go, i've got to go, i gotta go`,
  next_lesson: `next lesson, new lesson, another lesson, other lesson, different lesson, change the lesson, change lesson,
    skip the lesson, skip this lesson, skip lesson, next topic, new topic, another topic, different topic, change the topic,
    change topic, something else, something different`,
  slower: `slower, slow down, slowly, more slowly, too fast, less fast, not so fast, not too fast, you speak too fast,
    speak slow`,
  faster: 'faster, speed up, quicker, more quickly, quickly, too slow, not so slow, hurry up',
  help: `help, help me, what can i say, what can i do, what do i do, what should i do, what should i say, what now,
    how does it work, how does this work, i don't know what to do, i do not know what to do, commands, instructions`,
  skip: 'skip, *pass, skip it, skip that, skip this one, too hard, too difficult, leave it out',
  next: `next, next one, next sentence, the next, go on, continue, move on, carry on, keep going, go ahead, another one,
    another sentence, new sentence, *let's go, *don't stop`,
  repeat: `repeat, again, once more, one more time, say it again, say that again, come again, pardon, pardon me,
    i beg your pardon, *sorry, *excuse me, *what, *what was that, *what did you say, didn't hear, did not hear, can't hear,
    cannot hear, didn't understand, did not understand, don't understand, do not understand, didn't catch, did not catch,
    didn't get, did not get, try again, one more try`,
  no: 'no, nope, no thanks, no thank you, not now, not today, not really, *later, maybe later',
  yes: `yes, yeah, yep, ok, okay, sure, of course, ready, all right, alright, fine, *great, *good, certainly, why not, i would,
    i'd love to, i'd like to, *thank you, *thanks, i see, got it`,
  hello: 'hello, hi, hey, good morning, good afternoon, good evening',
};

/** Courtesy and small words that may stand around a command without changing it. */
export const WORDS_AROUND = `please can could would will you i we me us my your want wanna to like need have let let's just now
  then well so and but oh ok okay yes yeah no hey hello hi sorry excuse thank thanks tutor teacher sir madam it that this the a
  an one sentence phrase word words lesson bit little more much again time once for from with at in of on do say tell speak talk
  go be is are am i'm i'd it's that's here there today what you're very really maybe think should if possible possibly kindly
  give too some um uh er erm ah hmm mm`;
