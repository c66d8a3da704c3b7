import type { TokenUsage } from './engine.ts';

/** A tutor may tell its usage in several parts: one for each request that an answer took. */
export function addUsage(one: TokenUsage | undefined, other: TokenUsage): TokenUsage {
  if (!one) return other;
  const sum: Record<string, number> = { ...one };
  for (const [name, tokens] of Object.entries(other) as [string, number][]) sum[name] = (sum[name] ?? 0) + tokens;
  return sum as unknown as TokenUsage;
}
