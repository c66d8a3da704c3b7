const ONES = [
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen',
  'eighteen nineteen',
]
  .join(' ')
  .split(' ');
const TENS = 'zero ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const IRREGULAR_ORDINALS: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};
const LARGEST_NUMBER = 999_999;
const LONGEST_DIGIT_BY_DIGIT = 12;

/**
 * The ways to say a number that a recognizer wrote in digits, each without spaces: "1990" gives "nineteenninety",
 * "onethousandninehundredninety", "oneninenineohoh…". Empty for what is not a number.
 */
export function numberSpellings(word: string): readonly string[] {
  const ordinal = /^(\d{1,6})(?:st|nd|rd|th)$/u.exec(word)?.[1];
  if (ordinal !== undefined) return cardinals(Number(ordinal)).map(toOrdinal);
  if (!/^\d+$/u.test(word)) return [];
  const spellings = new Set<string>();
  const value = Number(word);
  if (value <= LARGEST_NUMBER && (word === '0' || !word.startsWith('0'))) {
    for (const spelling of cardinals(value)) spellings.add(spelling);
    for (const spelling of pairs(word)) spellings.add(spelling);
  }
  if (word.length <= LONGEST_DIGIT_BY_DIGIT) {
    const digits = Array.from(word, (digit) => ONES[Number(digit)] ?? '');
    spellings.add(digits.join(''));
    spellings.add(digits.map((digit) => (digit === 'zero' ? 'oh' : digit)).join(''));
  }
  return [...spellings];
}

function cardinals(value: number): string[] {
  if (value < 1000) return belowThousand(value);
  const rest = value % 1000;
  const heads = belowThousand(Math.floor(value / 1000)).map((head) => `${head}thousand`);
  if (rest === 0) return [...heads, ...(value === 1000 ? ['athousand'] : [])];
  const tails = belowThousand(rest).flatMap((tail) => (rest < 100 ? [tail, `and${tail}`] : [tail]));
  return heads.flatMap((head) => tails.map((tail) => head + tail));
}

/** With and without the "and" of British English. */
function belowThousand(value: number): string[] {
  if (value < 100) return [belowHundred(value)];
  const head = `${ONES[Math.floor(value / 100)] ?? ''}hundred`;
  const rest = value % 100;
  if (rest === 0) return value === 100 ? [head, 'ahundred'] : [head];
  return [head + belowHundred(rest), `${head}and${belowHundred(rest)}`];
}

function belowHundred(value: number): string {
  if (value < 20) return ONES[value] ?? '';
  const ones = value % 10;
  return (TENS[Math.floor(value / 10)] ?? '') + (ones === 0 ? '' : (ONES[ones] ?? ''));
}

/** As years and times are read: "1990" nineteen ninety, "2005" twenty oh five, "930" nine thirty. */
function pairs(digits: string): string[] {
  if (digits.length !== 3 && digits.length !== 4) return [];
  const head = belowHundred(Number(digits.slice(0, -2)));
  const tail = Number(digits.slice(-2));
  if (tail === 0) return [`${head}hundred`, `${head}oclock`];
  return tail < 10 ? [`${head}oh${belowHundred(tail)}`] : [head + belowHundred(tail)];
}

function toOrdinal(cardinal: string): string {
  for (const [ending, ordinal] of Object.entries(IRREGULAR_ORDINALS)) {
    if (cardinal.endsWith(ending)) return cardinal.slice(0, -ending.length) + ordinal;
  }
  return cardinal.endsWith('y') ? `${cardinal.slice(0, -1)}ieth` : `${cardinal}th`;
}
