import homophones from './homophones.json' with { type: 'json' };
import { numberSpellings } from './number-words.ts';

/*
 * Spellings are written without spaces and apostrophes. Two stretches of words are the same speech when what was asked
 * and what was heard share a spelling: so "I'm" is "I am", "25" is "twenty five" and "ice cream" is "icecream".
 */

/**
 * Every way to write this word out: its letters, what a contraction stands for, a number in words.
 * @param plain a word's plain form, see `wordsOf`.
 */
export function ownSpellings(plain: string): ReadonlySet<string> {
  return new Set(forms(plain));
}

/**
 * The own spellings of the word and of every word that sounds like it or is accepted for it. Only one side of a
 * comparison may use them: "a" is taken for "ay" and "ay" for "I", but "a" is not "I".
 */
export function soundAlikeSpellings(plain: string): ReadonlySet<string> {
  return new Set((soundAlikeGroups.get(plain) ?? [plain]).flatMap(forms));
}

/**
 * The spellings of several words said in a row.
 * @returns none when there would be more than `MOST_SPELLINGS`: such words are compared one by one only.
 */
export function spellingsOfRow(row: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  let joined: string[] = [''];
  for (const spellings of row) {
    if (joined.length * spellings.size > MOST_SPELLINGS) return new Set();
    joined = joined.flatMap((head) => [...spellings].map((tail) => head + tail));
  }
  return new Set(joined);
}

const MOST_SPELLINGS = 2_000;

function forms(word: string): string[] {
  const bare = word.replaceAll("'", '');
  return [bare, ...expansions(word).map((form) => form.replaceAll(' ', '')), ...numberSpellings(word)];
}

/** What a contraction stands for; every reading of an ambiguous one ("he'd": he had, he would). */
function expansions(word: string): readonly string[] {
  const irregular = irregularContractions.get(word);
  if (irregular) return irregular;
  const [, stem = '', ending = ''] = /^(.+?)('s|'d|'ll|'re|'ve|'m|n't)$/u.exec(word) ?? [];
  return (contractionEndings[ending] ?? []).map((full) => stem + full);
}

const contractionEndings: Readonly<Record<string, readonly string[]>> = {
  "'s": ['is', 'has'],
  "'d": ['would', 'had', 'did'],
  "'ll": ['will', 'shall'],
  "'re": ['are'],
  "'ve": ['have'],
  "'m": ['am'],
  "n't": ['not'],
};

const irregularContractions: ReadonlyMap<string, readonly string[]> = new Map([
  ["can't", ['can not']],
  ["won't", ['will not']],
  ["shan't", ['shall not']],
  ["ain't", ['am not', 'is not', 'are not']],
  ["let's", ['let us']],
  ["y'all", ['you all']],
  ["ma'am", ['madam']],
  ["'em", ['them']],
  ["'cause", ['because']],
  ['dont', ['do not']],
  ['im', ['i am']],
  ['ive', ['i have']],
  ['gonna', ['going to']],
  ['wanna', ['want to', 'want a']],
  ['gotta', ['got to']],
  ['lemme', ['let me']],
  ['kinda', ['kind of']],
]);

/** Words that are accepted for one another: written differently, or hardly told apart by ear. */
const spellingVariants: readonly (readonly string[])[] = [
  // The recognizer guesses these from the neighbours, not from the sound.
  ['a', 'an', 'the'],
  ['ok', 'okay', 'k'],
  ['zero', 'oh', 'o'],
  ['till', 'until', 'til'],
  ['alright', 'allright'],
  ['mr', 'mister'],
  ['mrs', 'missus'],
  ['dr', 'doctor'],
  ['tv', 'television'],
  ['mum', 'mom'],
  ['yeah', 'yes'],
  ['colour', 'color'],
  ['favourite', 'favorite'],
  ['neighbour', 'neighbor'],
  ['neighbours', 'neighbors'],
  ['centre', 'center'],
  ['theatre', 'theater'],
  ['metre', 'meter'],
  ['metres', 'meters'],
  ['kilometre', 'kilometer'],
  ['kilometres', 'kilometers'],
  ['litre', 'liter'],
  ['programme', 'program'],
  ['cheque', 'check'],
  ['grey', 'gray'],
  ['travelling', 'traveling'],
  ['travelled', 'traveled'],
  ['cancelled', 'canceled'],
  ['organise', 'organize'],
  ['realise', 'realize'],
  ['realised', 'realized'],
  ['apologise', 'apologize'],
  ['recognise', 'recognize'],
  ['practise', 'practice'],
  ['licence', 'license'],
  ['catalogue', 'catalog'],
  ['dialogue', 'dialog'],
  ['jewellery', 'jewelry'],
  ['tyre', 'tire'],
  ['pyjamas', 'pajamas'],
  ['learnt', 'learned'],
  ['towards', 'toward'],
];

/**
 * From a word to every word of its groups, itself first. The homophones are all words of the local recognizer's dictionary
 * (CMUdict) that share a pronunciation with a word of the lessons: by ear it can't know better.
 */
const soundAlikeGroups = neighboursByWord([...spellingVariants, ...homophones]);

function neighboursByWord(groups: readonly (readonly string[])[]): ReadonlyMap<string, readonly string[]> {
  const byWord = new Map<string, string[]>();
  for (const group of groups) {
    for (const word of group) {
      const alike = byWord.get(word) ?? [word];
      alike.push(...group.filter((other) => !alike.includes(other)));
      byWord.set(word, alike);
    }
  }
  return byWord;
}
