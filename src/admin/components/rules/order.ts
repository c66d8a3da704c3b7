/**
 * All ids after one was put in the place of another, as a list shows them that may show only some: behind it when it comes
 * from above, before it when it comes from below.
 */
export function moved(all: readonly string[], id: string, to: string): readonly string[] {
  const [from, place] = [all.indexOf(id), all.indexOf(to)];
  if (from < 0 || place < 0 || from === place) return all;
  const rest = all.filter((other) => other !== id);
  return rest.toSpliced(rest.indexOf(to) + (from < place ? 1 : 0), 0, id);
}
