import { useLocation, useNavigate } from 'react-router';

/** What a page shows stands in its address, so that a reload, a bookmark and a colleague see the same. */
export function useAddress(): {
  readonly get: (name: string) => string | undefined;
  readonly set: (changes: Readonly<Record<string, string | undefined>>) => void;
} {
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  const query = new URLSearchParams(search);
  return {
    get: (name) => query.get(name) ?? undefined,
    set(changes) {
      const next = new URLSearchParams(search);
      for (const [name, value] of Object.entries(changes)) {
        if (value === undefined) next.delete(name);
        else next.set(name, value);
      }
      navigate({ pathname, search: next.toString() }, { replace: true });
    },
  };
}

/** A query without what is not there. */
export function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, value);
  return query.toString();
}
