/** A value that React (`useSyncExternalStore`) and plain code both watch. */
export interface ValueStore<Value> {
  readonly read: () => Value;
  /** Returns the function that takes the listener off again. */
  readonly watch: (listener: () => void) => () => void;
}

export interface WritableStore<Value> extends ValueStore<Value> {
  readonly write: (value: Value) => void;
}

export function createStore<Value>(first: Value): WritableStore<Value> {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    read: () => value,
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    write(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
  };
}
