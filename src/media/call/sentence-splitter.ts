import type { Language } from '../../speech/engine.ts';

/**
 * Cuts a stream of text into pieces that can be spoken, as early as is safe: the first clause of an answer may be
 * short, so that the voice starts soon; later pieces are whole sentences.
 */
export class SentenceSplitter {
  readonly #language: Language;
  #rest = '';
  #given = 0;

  constructor(language: Language) {
    this.#language = language;
  }

  /** Takes the next piece of the stream; returns the sentences that are now certainly whole. */
  push(delta: string): string[] {
    this.#rest += delta;
    const sentences: string[] = [];
    for (;;) {
      const end = this.#findEnd();
      if (end === undefined) return sentences;
      const sentence = this.#rest.slice(0, end).trim();
      this.#rest = this.#rest.slice(end);
      if (isSpeakable(sentence)) {
        sentences.push(sentence);
        this.#given += 1;
      }
    }
  }

  /** The stream has ended: whatever is left is the last sentence. */
  flush(): string[] {
    const sentences = this.push('\n');
    this.#rest = '';
    return sentences;
  }

  /** Where the first whole piece of `#rest` ends, or `undefined` while that is not certain. */
  #findEnd(): number | undefined {
    const text = this.#rest;
    for (let index = 0; index < text.length; index += 1) {
      const character = text[index] as string;
      if (character === '\n') return index + 1;
      if ('.!?…'.includes(character)) {
        const end = endOfMarks(text, index);
        // What follows decides (a closing quote, "3.14", "e.g."): wait until it is there.
        if (end >= text.length) return undefined;
        if (/\s/u.test(text[end] as string) && !this.#isAbbreviation(text, index, end)) return end;
        index = end - 1;
      } else if (this.#given === 0 && index >= FIRST_CLAUSE_MIN && ',;:—'.includes(character)) {
        if (index + 1 >= text.length) return undefined;
        if (/\s/u.test(text[index + 1] as string)) return index + 1;
      }
    }
    return undefined;
  }

  #isAbbreviation(text: string, dot: number, end: number): boolean {
    if (text[dot] !== '.') return false;
    const word = /[\p{L}.]+$/u.exec(text.slice(0, dot))?.[0] ?? '';
    if (abbreviations[this.#language].has(word.toLowerCase())) return true;
    // An initial ("J. Smith", "А. С. Пушкин"): one capital letter, then a capital.
    if (/^(\p{Lu}\.)*\p{Lu}$/u.test(word) && word !== 'I') {
      const next = text.slice(end).trimStart()[0];
      return next === undefined || /\p{Lu}/u.test(next);
    }
    return false;
  }
}

/** Characters before a comma may end the first piece: shorter would be a gasp, not a clause. */
const FIRST_CLAUSE_MIN = 24;

const abbreviations: Readonly<Record<Language, ReadonlySet<string>>> = {
  en: new Set([
    'mr',
    'mrs',
    'ms',
    'dr',
    'prof',
    'st',
    'vs',
    'etc',
    'e.g',
    'i.e',
    'no',
    'jr',
    'sr',
    'a.m',
    'p.m',
    'u.s',
    'approx',
  ]),
  ru: new Set([
    'т.е',
    'т.д',
    'т.п',
    'т.к',
    'г',
    'гг',
    'руб',
    'коп',
    'ул',
    'д',
    'им',
    'см',
    'напр',
    'стр',
    'тыс',
    'млн',
    'т',
  ]),
};

/** Past the run of end marks and of what closes a quotation. */
function endOfMarks(text: string, index: number): number {
  let end = index + 1;
  while (end < text.length && `.!?…"'»”’)`.includes(text[end] as string)) end += 1;
  return end;
}

function isSpeakable(sentence: string): boolean {
  return /[\p{L}\p{N}]/u.test(sentence);
}
