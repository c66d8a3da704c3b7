import { useCallback, useEffect, useState } from 'react';

export interface Answer<Value> {
  readonly value: Value | undefined;
  readonly error: unknown;
  readonly retry: () => void;
}

/** Asks once when the screen opens. `ask` must be stable. An answer that comes after the screen is left is dropped. */
export function useAnswer<Value>(ask: () => Promise<Value>): Answer<Value> {
  const [value, setValue] = useState<Value>();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let left = false;
    setError(undefined);
    ask().then(
      (answer) => left || setValue(() => answer),
      (thrown: unknown) => left || setError(thrown),
    );
    return () => {
      left = true;
    };
  }, [ask, attempt]);
  return { value, error, retry: useCallback(() => setAttempt((before) => before + 1), []) };
}
