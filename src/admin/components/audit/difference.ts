/** One value that a deed changed, or left as it was. */
export interface ChangedValue {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly same: boolean;
}

export interface Deed {
  readonly changes: readonly ChangedValue[];
  /** What else was written down: the reason, amounts, what it went with. */
  readonly others: readonly { readonly name: string; readonly value: string }[];
}

type Details = Readonly<Record<string, unknown>>;

/** What stands in an entry's details, taken apart for people; text that is no JSON stands as it is. */
export function readDeed(text: string): Deed {
  const details = parse(text);
  const { before, after, ...rest } = details;
  const hasChange = before !== undefined || after !== undefined;
  return {
    changes: hasChange ? changesOf(before, after) : [],
    others: Object.entries(rest).map(([name, value]) => ({ name, value: written(value) })),
  };
}

/** Filled in by people, or told by whatever failed. */
const WRITTEN: ReadonlySet<string> = new Set(['reason', 'name', 'name_ru', 'title', 'text', 'error']);

/** Whether a value is a word of ours, to be said in the panel's language; what people wrote stands as it is. */
export function isOurWord({ others }: Deed, name: string, value: string): boolean {
  // Who deleted an account chose the reason from a list.
  const chosen = name === 'reason' && others.some((other) => other.name === 'by');
  return (chosen || !WRITTEN.has(name)) && /^[a-z_]{2,20}$/.test(value);
}

function changesOf(before: unknown, after: unknown): ChangedValue[] {
  const [old, now] = [asRecord(before), asRecord(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].map((name) => {
    const [was, is] = [written(old[name]), written(now[name])];
    return { name, before: was, after: is, same: was === is };
  });
}

/** A value that has no names of its own is called `value`. */
function asRecord(value: unknown): Details {
  if (value === undefined || value === null) return {};
  return typeof value === 'object' && !Array.isArray(value) ? (value as Details) : { value };
}

function written(value: unknown): string {
  if (value === undefined || value === null) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parse(text: string): Details {
  try {
    return asRecord(JSON.parse(text));
  } catch {
    return { value: text };
  }
}
