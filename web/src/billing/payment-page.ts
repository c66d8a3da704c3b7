import type { Deposit } from '../api/types.ts';

/** Where the payment is confirmed; undefined when that is over, or when the address is none that a browser should open. */
export function payAt(deposit: Deposit | undefined, base: string): string | undefined {
  if (deposit?.confirmation_url == null) return undefined;
  try {
    const url = new URL(deposit.confirmation_url, base);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}
