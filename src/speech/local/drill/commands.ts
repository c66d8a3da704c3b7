import { type Command, COMMAND_WORDS, WORDS_AROUND } from './command-words.ts';
import { wordsOf } from './words.ts';

/** No request is longer; a longer stretch of small words is more likely a sentence misheard. */
const MOST_WORDS = 12;

const cores = Object.entries(COMMAND_WORDS).flatMap(([command, list]) =>
  list.split(',').map((text) => ({
    command: command as Command,
    alone: text.includes('*'),
    words: wordsOf(text).map(({ plain }) => plain),
  })),
);
const around: ReadonlySet<string> = new Set(WORDS_AROUND.split(/\s+/u));

/**
 * Recognizes a spoken request, also a polite one ("can you repeat that please"); nothing else may be said with it.
 * @param asked the sentence that the learner is to repeat, if any: its own words are practised and not obeyed.
 */
export function commandIn(heard: string, asked: string): Command | undefined {
  const words = wordsOf(heard).map(({ plain }) => plain);
  if (words.length > MOST_WORDS) return undefined;
  const practised = new Set(wordsOf(asked).map(({ plain }) => plain));
  for (const { command, alone, words: core } of cores) {
    if (core.every((word) => practised.has(word))) continue;
    for (const start of placesOf(core, words)) {
      const rest = [...words.slice(0, start), ...words.slice(start + core.length)];
      if (alone ? rest.length === 0 : rest.every((word) => around.has(word))) return command;
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
