/** `localStorage` or `sessionStorage` that may be closed (private mode, policy): then nothing is kept, and nothing breaks. */
export interface KeptText {
  read(key: string): string | undefined;
  write(key: string, value: string | undefined): void;
}

export function keepIn(storage: () => Storage): KeptText {
  return {
    read(key) {
      try {
        return storage().getItem(key) ?? undefined;
      } catch {
        return undefined;
      }
    },
    write(key, value) {
      try {
        if (value === undefined) storage().removeItem(key);
        else storage().setItem(key, value);
      } catch {
        // Full or closed: the choice lives until the page is closed.
      }
    },
  };
}
