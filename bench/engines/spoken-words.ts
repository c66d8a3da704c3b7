/** What the callers of the engines' benchmarks say. */
export const BENCH_WORDS: readonly string[] = ['good', 'morning', 'how', 'are', 'you'];
