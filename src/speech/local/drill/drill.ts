import type { Assessment, TutorMessage, TutorRequest } from '../../engine.ts';
import { assess } from './assessment.ts';
import type { Command } from './command-words.ts';
import { commandIn } from './commands.ts';
import { callSummary, lessonSummary, praise, wordsToMind } from './lesson-talk.ts';
import { type Lesson, lessonAfter } from './lessons.ts';
import {
  addToScore,
  type DrillMemory,
  enterLesson,
  FASTEST_RATE,
  freshMemory,
  type Place,
  placeIn,
  SLOWEST_RATE,
} from './memory.ts';
import { fill, inTurn, PHRASES } from './phrases.ts';
import { wordsOf } from './words.ts';

/** One answer of the drill, before it is streamed. */
export interface DrillAnswer {
  readonly assessment?: Assessment;
  readonly rate: number;
  /** What is said, sentence by sentence; the last one is the sentence to repeat, or a question. */
  readonly says: readonly string[];
  readonly memory: DrillMemory;
  readonly endsCall: boolean;
}

/**
 * From this share of right words on the tutor goes on; below it the sentence is tried again. Whole percent. The local
 * recognizer gets 96 % of the words of these lessons from a clean recorded voice, and less of a learner's: asking for
 * more would blame the learner for its mistakes.
 */
const GOOD_PERCENT = { beginner: 60, intermediate: 65, advanced: 70 } as const;

/** Below this the learner hardly spoke of the same thing. Whole percent. */
const LOST_PERCENT = 20;

/** From this share on, what was heard is an attempt at the sentence, even where it sounds like a request. Whole percent. */
const ATTEMPT_PERCENT = 50;

const MOST_TRIES = 3;
const SLOWER_AGAIN = 0.85;
const RATE_STEP = 0.15;

/** Answers one request: a pure function of it, so that an answer can be dropped and asked for again. */
export function answerDrill(request: TutorRequest): DrillAnswer {
  const place = placeIn(request.memory);
  if (!place) return begin(request);
  const { memory, lesson } = place;
  if (memory.phase === 'between') return answerAtOffer(place, request);
  switch (request.occasion) {
    case 'greeting':
      return ask(memory, lesson, [inTurn(PHRASES.backAgain, memory.answers)]);
    case 'away':
      return ask(memory, lesson, [inTurn(PHRASES.away, memory.answers)]);
    case 'turn':
      return answerTurn(place, request);
    default:
      return request.occasion satisfies never;
  }
}

function begin({ occasion, level, heard }: TutorRequest): DrillAnswer {
  const memory = freshMemory(level);
  const { lesson } = placeOf(memory);
  if (commandIn(heard, '') === 'stop') return farewell(memory);
  const hello = occasion === 'greeting' ? PHRASES.hello[level] : PHRASES.shortHello;
  return ask(memory, lesson, [inTurn(hello, 0), ...introduce(PHRASES.lesson, lesson, 0)]);
}

function answerTurn(place: Place, request: TutorRequest): DrillAnswer {
  const { memory, lesson, sentence } = place;
  const { heard, history } = request;
  if (wordsOf(heard).length === 0) return answerSilence(place);
  const assessment = assess(sentence, heard);
  if (assessment.percent < ATTEMPT_PERCENT) {
    const command = commandIn(heard, sentence);
    if (command) return obey(command, place, request);
    if (!wasAsked(sentence, history)) return ask(memory, lesson, [inTurn(PHRASES.tooEarly, memory.answers)]);
  }
  return judge(assessment, { ...place, memory: { ...memory, unclear: 0 } }, request);
}

/** Nothing was understood: that is no attempt, and nobody's fault. */
function answerSilence({ memory, lesson }: Place): DrillAnswer {
  const unclear = memory.unclear + 1;
  const ways = unclear > 2 ? PHRASES.stillNotHeard : PHRASES.notHeard;
  return ask({ ...memory, unclear }, lesson, [inTurn(ways, memory.answers)]);
}

/** False when the learner spoke into the tutor's words before the sentence itself was heard. */
function wasAsked(sentence: string, history: readonly TutorMessage[]): boolean {
  const last = history.at(-1);
  if (last?.speaker !== 'tutor' || last.text.trim() === '') return true;
  return assess(sentence, last.text).percent >= ATTEMPT_PERCENT;
}

function judge(assessment: Assessment, { memory, lesson }: Place, request: TutorRequest): DrillAnswer {
  const turn = memory.answers;
  const best = Math.max(memory.best, assessment.percent);
  if (assessment.percent >= GOOD_PERCENT[lesson.level]) {
    const streak = best === 100 ? memory.streak + 1 : 0;
    const says = praise(assessment, { tries: memory.tries, streak, turn });
    return { ...goOn({ ...memory, best, streak }, lesson, says, request), assessment };
  }
  const tries = memory.tries + 1;
  if (tries >= MOST_TRIES) {
    const says = [inTurn(PHRASES.goOnKindly, turn)];
    return { ...goOn({ ...memory, best, streak: 0 }, lesson, says, request), assessment };
  }
  const words = wordsToMind(assessment);
  const lost = assessment.percent < LOST_PERCENT;
  const says = [
    inTurn(lost ? PHRASES.lost : PHRASES.weak, turn),
    ...(words && !lost ? [fill(inTurn(PHRASES.weakMind, turn), { words })] : []),
    inTurn(tries === MOST_TRIES - 1 ? PHRASES.lastTry : PHRASES.onceMoreSlowly, turn),
  ];
  return { ...ask({ ...memory, tries, best, streak: 0 }, lesson, says), assessment };
}

/** Leaves the sentence behind with the best attempt at it. */
function goOn(memory: DrillMemory, lesson: Lesson, says: readonly string[], request: TutorRequest): DrillAnswer {
  return advance(scored(memory, memory.best), lesson, says, request);
}

function scored(memory: DrillMemory, percent: number | 'skipped'): DrillMemory {
  return {
    ...memory,
    lessonScore: addToScore(memory.lessonScore, percent),
    callScore: addToScore(memory.callScore, percent),
  };
}

/** To the next sentence, or to the lesson's end. What answers a command announces the sentence by itself. */
function advance(
  memory: DrillMemory,
  lesson: Lesson,
  says: readonly string[],
  request: TutorRequest,
  command = false,
): DrillAnswer {
  const turn = memory.answers;
  const sentence = memory.sentence + 1;
  const remaining = lesson.sentences.length - sentence;
  if (remaining <= 0) {
    const over = [...says, inTurn(PHRASES.lessonOver, turn), ...lessonSummary(memory.lessonScore)];
    return offer({ ...memory, phase: 'between', tries: 0, best: 0, unclear: 0 }, lesson, over, PHRASES.offer, request);
  }
  const next = { ...memory, sentence, tries: 0, best: 0, unclear: 0 };
  if (remaining === 1) return ask(next, lesson, [...says, inTurn(PHRASES.lastCue, turn)]);
  if (command) return ask(next, lesson, says);
  if (sentence === lesson.sentences.length / 2) return ask(next, lesson, [...says, inTurn(PHRASES.half, turn)]);
  const cues = sentence < 3 && memory.callScore.said <= 3 ? PHRASES.firstCue : PHRASES.cue;
  return ask(next, lesson, [...says, inTurn(cues, turn)]);
}

function obey(command: Command, { memory: before, lesson }: Place, request: TutorRequest): DrillAnswer {
  const memory = { ...before, unclear: 0 };
  const turn = memory.answers;
  switch (command) {
    case 'stop':
      return farewell(memory);
    case 'next':
    case 'skip':
      return leaveOut(memory, lesson, [inTurn(PHRASES[command], turn)], request);
    case 'next_lesson': {
      const other = lessonAfter(lesson, request.level);
      const says = [inTurn(PHRASES.lessonLeft, turn), ...introduce(PHRASES.newLesson, other, turn)];
      return ask(enterLesson(memory, other), other, says);
    }
    case 'slower':
      return changeRate(memory, lesson, -RATE_STEP);
    case 'faster':
      return changeRate(memory, lesson, RATE_STEP);
    case 'repeat':
    case 'help':
    case 'yes':
      return ask(memory, lesson, [inTurn(PHRASES[command], turn)]);
    case 'no':
      return ask(memory, lesson, [inTurn(PHRASES.repeat, turn)]);
    case 'hello':
      return ask(memory, lesson, [inTurn(PHRASES.courtesy, turn)]);
    default:
      return command satisfies never;
  }
}

/** A sentence that was tried before it was left counts with its best attempt. */
function leaveOut(memory: DrillMemory, lesson: Lesson, says: readonly string[], request: TutorRequest): DrillAnswer {
  const percent = memory.tries > 0 ? memory.best : 'skipped';
  return advance(scored({ ...memory, streak: 0 }, percent), lesson, says, request, true);
}

function changeRate(memory: DrillMemory, lesson: Lesson, step: number): DrillAnswer {
  const rate = clampRate(memory.rate + step);
  const unchanged = rate === memory.rate;
  const ways = step < 0 ? (unchanged ? PHRASES.slowest : PHRASES.slower) : unchanged ? PHRASES.fastest : PHRASES.faster;
  return ask({ ...memory, rate }, lesson, [inTurn(ways, memory.answers)]);
}

function clampRate(rate: number): number {
  return Math.min(FASTEST_RATE, Math.max(SLOWEST_RATE, Math.round(rate * 100) / 100));
}

/** After a lesson: only a wish to stop ends the call; what is twice unclear is taken for a yes. */
function answerAtOffer({ memory, lesson }: Place, request: TutorRequest): DrillAnswer {
  const turn = memory.answers;
  if (request.occasion !== 'turn') return offer(memory, lesson, [], PHRASES.awayAtOffer, request);
  if (wordsOf(request.heard).length === 0) return offer(memory, lesson, [], PHRASES.offerAgain, request);
  const command = commandIn(request.heard, '');
  if (command === 'stop' || command === 'no') return farewell(memory);
  if (command === 'repeat') {
    const says = [inTurn(PHRASES.sameAgain, turn)];
    return ask(enterLesson(memory, lesson), lesson, [...says, inTurn(PHRASES.firstCue, turn)]);
  }
  if ((command === undefined || command === 'help') && memory.unclear === 0) {
    return offer({ ...memory, unclear: 1 }, lesson, [], PHRASES.offerAgain, request);
  }
  const next = lessonAfter(lesson, request.level);
  const changed = command === 'slower' ? -RATE_STEP : command === 'faster' ? RATE_STEP : 0;
  const entered = { ...enterLesson(memory, next), rate: clampRate(memory.rate + changed) };
  return ask(entered, next, [inTurn(PHRASES.accepted, turn), ...introduceAgain(next, turn)]);
}

/** Says something, then the sentence to repeat: slower when it is being tried again. */
function ask(memory: DrillMemory, lesson: Lesson, says: readonly string[]): DrillAnswer {
  const sentence = lesson.sentences[memory.sentence] ?? '';
  return {
    rate: memory.tries > 0 ? clampRate(memory.rate * SLOWER_AGAIN) : memory.rate,
    says: [...says, sentence],
    memory: { ...memory, answers: memory.answers + 1 },
    endsCall: false,
  };
}

function offer(
  memory: DrillMemory,
  lesson: Lesson,
  says: readonly string[],
  ways: readonly string[],
  { level }: TutorRequest,
): DrillAnswer {
  const { title } = lessonAfter(lesson, level);
  return {
    rate: memory.rate,
    says: [...says, fill(inTurn(ways, memory.answers), { title })],
    memory: { ...memory, answers: memory.answers + 1 },
    endsCall: false,
  };
}

/** The place stays in memory: when the learner speaks into the goodbye, the lesson goes on. */
function farewell(memory: DrillMemory): DrillAnswer {
  return {
    rate: memory.rate,
    says: [...callSummary(memory.callScore), inTurn(PHRASES.goodbye, memory.answers)],
    memory: { ...memory, answers: memory.answers + 1 },
    endsCall: true,
  };
}

/** The lesson's name and tip, up to where the first sentence follows. */
function introduce(ways: readonly string[], lesson: Lesson, turn: number): string[] {
  return [fill(inTurn(ways, turn), { title: lesson.title }), lesson.tip, inTurn(PHRASES.firstCue, turn)];
}

/** The same when the offer has just named it. */
function introduceAgain(lesson: Lesson, turn: number): string[] {
  return [lesson.tip, inTurn(PHRASES.firstCue, turn)];
}

function placeOf(memory: DrillMemory): Place {
  const place = placeIn(memory);
  if (!place) throw new Error('A fresh memory names no lesson');
  return place;
}
