import type { AssessedWord } from '../../engine.ts';
import { ownSpellings, soundAlikeSpellings, spellingsOfRow } from './spellings.ts';
import type { Word } from './words.ts';

/** One step through both rows of words: so many words of each belong together. */
interface Step {
  readonly asked: number;
  readonly said: number;
  readonly same: boolean;
}

/** Words that one word may stand for: "125" is "one hundred and twenty five". */
const LONGEST_ROW = 6;

/**
 * The prices of Levenshtein's edit distance, in tenths so that sums stay exact. A swapped word costs a little more than
 * a missing one, so that among equally short explanations the one with more right words wins; and the less the two words
 * resemble each other the more, so that "copy" is set beside "coffee" and not beside its neighbour.
 */
const COST = { missing: 10, extra: 10, wrongAlike: 11, wrongUnlike: 15 } as const;

/** Longer words resemble each other by their beginnings: bounds the work on garbage. */
const LONGEST_COMPARED = 24;

/**
 * Finds the cheapest way to explain what was said as an attempt at what was asked (V. Levenshtein, 1966; the table of
 * Wagner and Fischer, 1974), where one word may also match several that sound the same.
 */
export function alignWords(asked: readonly Word[], said: readonly Word[]): AssessedWord[] {
  const sameAs = sameSpeech(asked, said);
  const width = said.length + 1;
  const costs = new Float64Array((asked.length + 1) * width).fill(Number.POSITIVE_INFINITY);
  const steps: (Step | undefined)[] = Array.from({ length: costs.length });
  costs[0] = 0;
  for (let row = 0; row <= asked.length; row += 1) {
    for (let column = 0; column <= said.length; column += 1) {
      const from = costs[row * width + column] as number;
      const reach = (step: Step, price: number): void => {
        const to = (row + step.asked) * width + column + step.said;
        if (from + price >= (costs[to] as number)) return;
        costs[to] = from + price;
        steps[to] = step;
      };
      for (const step of sameAs(row, column)) reach(step, 0);
      const [wanted, given] = [asked[row], said[column]];
      if (wanted && given) reach(WRONG, wrongPrice(wanted.plain, given.plain));
      if (wanted) reach(MISSING, COST.missing);
      if (given) reach(EXTRA, COST.extra);
    }
  }
  return marks(asked, said, pathBack(steps, asked.length, said.length));
}

const WRONG: Step = { asked: 1, said: 1, same: false };
const MISSING: Step = { asked: 1, said: 0, same: false };
const EXTRA: Step = { asked: 0, said: 1, same: false };

/** Answers from where to where both rows say the same: one word each, or one against several. */
function sameSpeech(asked: readonly Word[], said: readonly Word[]): (row: number, column: number) => Step[] {
  const askedSpellings = asked.map(({ plain }) => soundAlikeSpellings(plain));
  const saidSpellings = said.map(({ plain }) => ownSpellings(plain));
  const askedRows = rowsOf(askedSpellings);
  const saidRows = rowsOf(saidSpellings);
  return (row, column) => {
    const found: Step[] = [];
    const wanted = askedSpellings[row];
    const given = saidSpellings[column];
    if (!wanted || !given) return found;
    if (asked[row]?.plain === said[column]?.plain || overlap(wanted, given)) {
      found.push({ asked: 1, said: 1, same: true });
    }
    for (const [index, spellings] of (saidRows[column] ?? []).entries()) {
      if (overlap(wanted, spellings)) found.push({ asked: 1, said: index + 2, same: true });
    }
    for (const [index, spellings] of (askedRows[row] ?? []).entries()) {
      if (overlap(spellings, given)) found.push({ asked: index + 2, said: 1, same: true });
    }
    return found;
  };
}

/** For each place, the joined spellings of the two, three, … words that begin there. */
function rowsOf(spellings: readonly ReadonlySet<string>[]): ReadonlySet<string>[][] {
  return spellings.map((_, start) => {
    const rows: ReadonlySet<string>[] = [];
    for (let length = 2; length <= LONGEST_ROW && start + length <= spellings.length; length += 1) {
      const joined = spellingsOfRow(spellings.slice(start, start + length));
      if (joined.size === 0) break;
      rows.push(joined);
    }
    return rows;
  });
}

function overlap(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  for (const spelling of one) {
    if (other.has(spelling)) return true;
  }
  return false;
}

function pathBack(steps: readonly (Step | undefined)[], rows: number, columns: number): Step[] {
  const path: Step[] = [];
  let row = rows;
  let column = columns;
  for (;;) {
    const step = steps[row * (columns + 1) + column];
    if (!step) return path.toReversed();
    path.push(step);
    row -= step.asked;
    column -= step.said;
  }
}

function marks(asked: readonly Word[], said: readonly Word[], path: readonly Step[]): AssessedWord[] {
  const words: AssessedWord[] = [];
  let row = 0;
  let column = 0;
  for (const step of path) {
    const wanted = asked.slice(row, row + step.asked);
    const given = said[column];
    if (step.same) words.push(...wanted.map(({ text }) => ({ text, mark: 'right' as const })));
    else if (step === WRONG && given) {
      words.push(...wanted.map(({ text }) => ({ text, mark: 'wrong' as const, heard: given.text })));
    } else if (step === EXTRA && given) words.push({ text: given.text, mark: 'extra' });
    else words.push(...wanted.map(({ text }) => ({ text, mark: 'missing' as const })));
    row += step.asked;
    column += step.said;
  }
  return words;
}

function wrongPrice(wanted: string, given: string): number {
  const one = wanted.slice(0, LONGEST_COMPARED);
  const other = given.slice(0, LONGEST_COMPARED);
  const share = letterDistance(one, other) / Math.max(one.length, other.length, 1);
  return COST.wrongAlike + Math.round((COST.wrongUnlike - COST.wrongAlike) * share);
}

/** Levenshtein's distance of two words in UTF-16 units, one row of the table at a time. */
function letterDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const swap = (previous[column - 1] as number) + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(swap, (previous[column] as number) + 1, (current[column - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[other.length] as number;
}
