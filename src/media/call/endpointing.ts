import type { Language } from '../../speech/engine.ts';
import { phraseEndings } from './phrase-endings.ts';
import type { TurnSettings } from './turn-settings.ts';

/** Backchannels in a row that still only say "go on": "yeah, yeah, okay". */
const MAX_BACKCHANNELS = 4;

/** An end mark, and what closes a quotation after it. Three dots are none: who trails off has not finished. */
const SENTENCE_END = /(?<!\.\.)[.!?]["'»”’)]*$/u;
const TRAILS_OFF = /(?:[,:;–—-]|\.\.\.|…)["'»”’)]*$/u;

/** How long a silence must last before the words said so far are taken for a whole turn. */
export function endpointDelayMs(
  words: { readonly text: string; readonly engineSaysEnded: boolean },
  language: Language,
  settings: TurnSettings,
): number {
  if (endsUnfinished(words.text, language)) return settings.maxEndpointDelayMs;
  if (words.engineSaysEnded || SENTENCE_END.test(words.text.trim())) return settings.minEndpointDelayMs;
  return settings.unsureEndpointDelayMs;
}

/** The transcript breaks off in mid-phrase: on a conjunction, an article, a hesitation, a comma. */
export function endsUnfinished(text: string, language: Language): boolean {
  const trimmed = text.trim();
  if (TRAILS_OFF.test(trimmed)) return true;
  const said = normalize(trimmed);
  const { unfinished, finished, openers, questions, stranded, hesitations } = phraseEndings[language];
  // An engine that punctuates may put a full stop after "um", too.
  if (SENTENCE_END.test(trimmed)) return endsWith(said, hesitations);
  if (openers.includes(said)) return true;
  if (endsWith(said, hesitations)) return true;
  const asked = questions.some((word) => said.startsWith(`${word} `)) && endsWith(said, stranded);
  if (asked || endsWith(said, finished)) return false;
  return endsWith(said, unfinished);
}

/** "Mm-hm", "yeah yeah", "угу", alone: the listener's sign to go on, not a turn. So is a hesitation. */
export function isBackchannel(text: string, language: Language): boolean {
  const { backchannels, hesitations } = phraseEndings[language];
  return consistsOf(normalize(text), [...backchannels, ...hesitations], MAX_BACKCHANNELS);
}

/** "Um…", "э-э": the learner looks for words and has said none. */
export function isHesitation(text: string, language: Language): boolean {
  return consistsOf(normalize(text), phraseEndings[language].hesitations, MAX_BACKCHANNELS);
}

/** "Stop", "wait a moment", "подожди": meant for the tutor, however short. */
export function isCommand(text: string, language: Language): boolean {
  return phraseEndings[language].commands.includes(normalize(text));
}

/** The same words, whatever their case and punctuation. */
export function sameWords(one: string, other: string): boolean {
  return one === other || normalize(one) === normalize(other);
}

function endsWith(words: string, endings: readonly string[]): boolean {
  return endings.some((ending) => words === ending || words.endsWith(` ${ending}`));
}

/** Whether the words can be read as at most `most` of the phrases, one after another. */
function consistsOf(words: string, phrases: readonly string[], most: number): boolean {
  if (words === '' || most === 0) return false;
  return phrases.some(
    (phrase) =>
      words === phrase ||
      (words.startsWith(`${phrase} `) && consistsOf(words.slice(phrase.length + 1), phrases, most - 1)),
  );
}

function normalize(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replaceAll('’', "'")
    .replaceAll(/[^\p{L}\p{N}'\s-]/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}
