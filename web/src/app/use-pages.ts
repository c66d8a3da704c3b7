import { useCallback, useEffect, useRef, useState } from 'react';

export interface Pages<Page> {
  readonly pages: readonly Page[];
  readonly loading: boolean;
  readonly error: unknown;
  readonly hasMore: boolean;
  readonly loadMore: () => void;
}

/** A list that comes page by page with a cursor. `load` must be stable. Answers that come after the screen is left are dropped. */
export function usePages<Page extends { readonly next_cursor: string | null }>(
  load: (cursor?: string) => Promise<Page>,
): Pages<Page> {
  const [pages, setPages] = useState<readonly Page[]>([]);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<unknown>();
  const visit = useRef(0);

  const fetchPage = useCallback(
    async (cursor: string | undefined) => {
      const mine = visit.current;
      setLoading(true);
      setError(undefined);
      try {
        const page = await load(cursor);
        if (mine === visit.current) setPages((before) => (cursor === undefined ? [page] : [...before, page]));
      } catch (thrown) {
        if (mine === visit.current) setError(thrown);
      } finally {
        if (mine === visit.current) setLoading(false);
      }
    },
    [load],
  );

  useEffect(() => {
    void fetchPage(undefined);
    return () => {
      visit.current += 1;
    };
  }, [fetchPage]);

  const cursor = pages.at(-1)?.next_cursor ?? undefined;
  return {
    pages,
    loading,
    error,
    hasMore: cursor !== undefined,
    loadMore: () => {
      if (!loading) void fetchPage(cursor);
    },
  };
}
