import { useEffect, useRef, useState } from 'react';

/** What was asked for: the last answer stays in sight while the next one is on its way, or does not come. */
export interface Asked<Answer> {
  readonly answer: Answer | undefined;
  /** The code of what went wrong with the last question; `unreachable` where nobody answered. */
  readonly failure: string | undefined;
  readonly loading: boolean;
  readonly askAgain: () => void;
}

interface AskOptions {
  /** Asks again so long after each answer, while the page is in sight. */
  readonly everyMs?: number;
}

const PATIENCE_MS = 30_000;

/** Asks the panel's data, again whenever the address changes. Without an address it asks nothing. */
export function useAnswer<Answer>(address: string | undefined, { everyMs }: AskOptions = {}): Asked<Answer> {
  const [state, setState] = useState<{ of?: string; answer?: Answer; failure?: string; loading: boolean }>({
    loading: address !== undefined,
  });
  const [turn, setTurn] = useState(0);
  const family = useRef<string>();

  useEffect(() => {
    if (address === undefined) return undefined;
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    // Another query of the same thing: what is shown stays until its successor is there.
    const [of = ''] = address.split('?');
    const other = family.current !== of;
    family.current = of;
    setState((before) => (other ? { loading: true } : { ...before, loading: true }));

    let asking = false;
    const ask = async (): Promise<void> => {
      if (asking) return;
      asking = true;
      try {
        const answer = await read<Answer>(address, gone.signal);
        setState({ of: address, answer, loading: false });
      } catch (error) {
        if (gone.signal.aborted) return;
        const failure = error instanceof Refusal ? error.code : 'unreachable';
        setState((before) => ({ ...before, failure, loading: false }));
      } finally {
        asking = false;
      }
      later();
    };
    const later = (): void => {
      if (everyMs === undefined || gone.signal.aborted || document.hidden) return;
      timer = setTimeout(() => void ask(), everyMs);
    };
    // Nobody looks: nothing is asked. When somebody looks again, at once.
    const seen = (): void => {
      clearTimeout(timer);
      if (!document.hidden) void ask();
    };
    if (everyMs !== undefined) document.addEventListener('visibilitychange', seen);
    void ask();
    return () => {
      gone.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [address, everyMs, turn]);

  return {
    answer: state.answer,
    failure: state.failure,
    loading: state.loading,
    askAgain: () => setTurn((last) => last + 1),
  };
}

class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

async function read<Answer>(address: string, signal: AbortSignal): Promise<Answer> {
  const answer = await fetch(address, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  });
  if (answer.ok) return (await answer.json()) as Answer;
  const problem = (await answer.json().catch(() => ({}))) as { readonly code?: string };
  throw new Refusal(problem.code ?? 'unreachable');
}
