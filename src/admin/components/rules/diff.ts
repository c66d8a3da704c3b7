/** A piece of text that stands in both wordings, or in one of them. */
export interface Piece {
  readonly kind: 'same' | 'gone' | 'new';
  readonly text: string;
}

/** Beyond this many comparisons the middle is shown as replaced whole: a page must not stand still. */
const MOST_COMPARISONS = 4_000_000;

/** What became of a wording, word by word: the longest common subsequence of words and the spaces between them. */
export function differences(before: string, after: string): Piece[] {
  const [old, young] = [words(before), words(after)];
  let start = 0;
  while (start < old.length && start < young.length && old[start] === young[start]) start += 1;
  let end = 0;
  while (
    end < old.length - start &&
    end < young.length - start &&
    old[old.length - 1 - end] === young[young.length - 1 - end]
  ) {
    end += 1;
  }
  return joined([
    ...old.slice(0, start).map((text): Piece => ({ kind: 'same', text })),
    ...middle(old.slice(start, old.length - end), young.slice(start, young.length - end)),
    ...old.slice(old.length - end).map((text): Piece => ({ kind: 'same', text })),
  ]);
}

function words(text: string): string[] {
  return text.split(/(\s+)/).filter((part) => part !== '');
}

function middle(old: readonly string[], young: readonly string[]): Piece[] {
  const width = young.length + 1;
  if (old.length * young.length > MOST_COMPARISONS) {
    return [
      { kind: 'gone', text: old.join('') },
      { kind: 'new', text: young.join('') },
    ];
  }
  // How much of both is common from here to their ends.
  const common = new Uint16Array((old.length + 1) * width);
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = young.length - 1; column >= 0; column -= 1) {
      const at = row * width + column;
      common[at] =
        old[row] === young[column]
          ? (common[at + width + 1] ?? 0) + 1
          : Math.max(common[at + width] ?? 0, common[at + 1] ?? 0);
    }
  }
  const pieces: Piece[] = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < young.length) {
    const at = row * width + column;
    if (row < old.length && column < young.length && old[row] === young[column]) {
      pieces.push({ kind: 'same', text: old[row] ?? '' });
      row += 1;
      column += 1;
    } else if (row < old.length && (column === young.length || (common[at + width] ?? 0) >= (common[at + 1] ?? 0))) {
      pieces.push({ kind: 'gone', text: old[row] ?? '' });
      row += 1;
    } else {
      pieces.push({ kind: 'new', text: young[column] ?? '' });
      column += 1;
    }
  }
  return pieces;
}

/** Neighbours of a kind are one; within a change what went stands before what came. */
function joined(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  let [gone, young] = ['', ''];
  const flush = (): void => {
    if (gone !== '') all.push({ kind: 'gone', text: gone });
    if (young !== '') all.push({ kind: 'new', text: young });
    [gone, young] = ['', ''];
  };
  let same = '';
  for (const { kind, text } of pieces) {
    if (kind === 'same') {
      flush();
      same += text;
      continue;
    }
    if (same !== '') all.push({ kind: 'same', text: same });
    same = '';
    if (kind === 'gone') gone += text;
    else young += text;
  }
  flush();
  if (same !== '') all.push({ kind: 'same', text: same });
  return all;
}
