/** A word of a sentence, as written and as compared. */
export interface Word {
  /** As written, without the punctuation around it. */
  readonly text: string;
  /** Lower case, one kind of apostrophe, no accents: what comparisons look at. */
  readonly plain: string;
}

/** Letters or digits, with apostrophes inside ("o'clock") or abbreviated with dots ("p.m."). */
const WORD = /(?:\p{L}\.){2,}|[\p{L}\p{N}\p{M}]+(?:['’ʼ][\p{L}\p{N}\p{M}]+)*/gu;

/** Splits any text, spoken or written, into its words. Punctuation, symbols and garbage are left out. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const [found] of spellSymbols(text.normalize('NFKC')).matchAll(WORD)) {
    const plain = plainForm(found);
    if (plain !== '') words.push({ text: found, plain });
  }
  return words;
}

/** Signs that are read as words: "$5" is "5 dollars", "1,000" one number. */
function spellSymbols(text: string): string {
  return text
    .replace(/(?<=\d),(?=\d{3}(?!\d))/gu, '')
    .replace(/([$€£])\s?(\d+)/gu, (_, sign: string, amount: string) => `${amount} ${currencies[sign] ?? ''}`)
    .replace(/%/gu, ' percent ')
    .replace(/&/gu, ' and ');
}

const currencies: Readonly<Record<string, string>> = { $: 'dollars', '€': 'euros', '£': 'pounds' };

function plainForm(word: string): string {
  return word
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\p{M}.]/gu, '')
    .replace(/[’ʼ]/gu, "'")
    .replace(/^'+|'+$/gu, '');
}
