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
        if (/\s/u.test(text[end] as string)) {
          const goesOn = this.#goesOn(text, index, end);
          // The next word decides, and is not there yet.
          if (goesOn === undefined) return undefined;
          if (!goesOn) return end;
        }
        index = end - 1;
      } else if (this.#given === 0 && isClauseEnd(text, index)) {
        if (index + 1 >= text.length) return undefined;
        if (/\s/u.test(text[index + 1] as string)) return index + 1;
      }
    }
    return undefined;
  }

  /** Whether the mark at `index` stands within a sentence; `undefined` while that depends on what is still to come. */
  #goesOn(text: string, index: number, end: number): boolean | undefined {
    const gap = /^\s*/u.exec(text.slice(end))?.[0] ?? '';
    if (gap.includes('\n')) return false;
    const next = text.slice(end + gap.length);
    const isOpen = next === '' || /^[—–-]$/u.test(next);
    const follows = (pattern: RegExp) => (isOpen ? undefined : pattern.test(next));
    const marks = text.slice(index, end);
    if (marks !== '.') {
      // "Well… let me think", «Стой!» — сказал он.
      return /["”»’')…]$|\.\.$/u.test(marks) ? follows(/^(?:\p{Ll}|[—–-]\s)/u) : false;
    }
    const before = text.slice(0, index);
    const written = /[\p{L}\p{N}.-]+$/u.exec(before)?.[0] ?? '';
    const word = written.toLowerCase();
    const { always, beforeSmall } = abbreviations[this.#language];
    // A town ("г. Москва"), not a year ("1799 г.").
    if (always.has(word) || (word === 'г' && !/\d\s*г$/u.test(before))) return true;
    // "at 5 p.m. tomorrow", "в 1799 г. в Москве", "etc. (see below)".
    const isLetter = /^\p{Lu}$/u.test(written);
    if (beforeSmall.has(word) && !isLetter) return follows(/^[\p{Ll}\p{N}(]/u);
    // "J. Smith", "А. С. Пушкин"; but not "So did I. You too."
    if (/^(?:\p{Lu}\.)*\p{Lu}$/u.test(written) && !/^[IЯ]$/u.test(written)) return follows(/^\p{Lu}/u);
    // "1. Sit down."
    return /^\d{1,2}$/u.test(word) && before.trim() === written;
  }
}

/** Characters before a comma that may end the first piece: shorter would be a gasp, not a clause. */
const FIRST_CLAUSE_MIN = 24;

/** A comma, colon, semicolon or dash that the first piece may end at: what is before it can be said on its own. */
function isClauseEnd(text: string, index: number): boolean {
  return index >= FIRST_CLAUSE_MIN && ',;:—'.includes(text[index] as string);
}

interface Abbreviations {
  /** Never end a sentence: a name, a number or a word belongs to them. */
  readonly always: ReadonlySet<string>;
  /** End one unless a small letter or a number follows. */
  readonly beforeSmall: ReadonlySet<string>;
}

const abbreviations: Readonly<Record<Language, Abbreviations>> = {
  en: {
    always: setOf('mr mrs ms dr prof st mt vs e.g i.e rev gen capt lt sgt hon gov sen rep fig approx dept cf'),
    beforeSmall: setOf(
      'etc jr sr a.m p.m u.s u.k u.n d.c ph.d b.a m.a b.c inc ltd co corp no vol pp est min sec hr jan feb mar apr jun jul aug sept oct nov dec ave blvd rd ft',
    ),
  },
  ru: {
    always: setOf('ул пр пер пл им см напр рис табл гл проф акад св т.н т.е т.к обл р-н просп наб корп кв д тов гр'),
    beforeSmall: setOf('т.д т.п т др г гг в вв руб коп тыс млн млрд мин сек ч км м см кг н.э стр с ст долл'),
  },
};

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}

/** Past the run of end marks and of what closes a quotation. */
function endOfMarks(text: string, index: number): number {
  let end = index + 1;
  while (end < text.length && `.!?…"'»”’)`.includes(text[end] as string)) end += 1;
  return end;
}

function isSpeakable(sentence: string): boolean {
  return /[\p{L}\p{N}]/u.test(sentence);
}
