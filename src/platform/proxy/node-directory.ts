export interface NodeDirectory {
  find(nodeId: string): Promise<string | undefined>;
  /** The address did not answer: ask anew next time. */
  forget(nodeId: string): void;
}

interface Entry {
  readonly address: Promise<string | undefined>;
  readonly expiresAt: number;
}

const KNOWN_FOR_MS = 5_000;
/** Long enough that a stranger trying names does not reach the database each time. */
const UNKNOWN_FOR_MS = 1_000;
const LARGEST = 1_000;

/** Remembers for seconds where media nodes are: pages poll, and each poll would ask the database. */
export function createNodeDirectory(
  findNode: (nodeId: string) => Promise<string | undefined>,
  nowMs: () => number = () => performance.now(),
): NodeDirectory {
  const entries = new Map<string, Entry>();

  function ask(nodeId: string): Promise<string | undefined> {
    // Names are the caller's: they may not fill the memory.
    if (entries.size >= LARGEST) entries.clear();
    const entry: Entry = { address: findNode(nodeId).then(checked), expiresAt: nowMs() + KNOWN_FOR_MS };
    entries.set(nodeId, entry);
    const replace = (next: Entry | undefined) => {
      if (entries.get(nodeId) !== entry) return;
      if (next) entries.set(nodeId, next);
      else entries.delete(nodeId);
    };
    entry.address.then(
      (address) => {
        if (address === undefined) replace({ address: entry.address, expiresAt: nowMs() + UNKNOWN_FOR_MS });
      },
      () => replace(undefined),
    );
    return entry.address;
  }

  return {
    find(nodeId) {
      const entry = entries.get(nodeId);
      return entry !== undefined && entry.expiresAt > nowMs() ? entry.address : ask(nodeId);
    },
    forget: (nodeId) => void entries.delete(nodeId),
  };
}

/** Nodes write their addresses themselves; only a plain origin is one. */
function checked(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { protocol, origin } = new URL(address);
  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}
