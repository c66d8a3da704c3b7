const VERSION_7 = /^([\da-f]{8})-([\da-f]{4})-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;

/** When a record was made, by its id: the first 48 bits of a UUID of version 7 are Unix milliseconds (RFC 9562, section 5.7). */
export function madeAt(id: string): string | undefined {
  const [, high = '', low = ''] = VERSION_7.exec(id) ?? [];
  return high === '' ? undefined : new Date(Number.parseInt(high + low, 16)).toISOString();
}
