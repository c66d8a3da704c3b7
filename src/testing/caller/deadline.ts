/** Waits for `promise`, but no longer than `deadlineMs`; then rejects and says what was waited for. */
export async function within<Value>(promise: Promise<Value>, deadlineMs: number, what: string): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: nothing within ${deadlineMs} ms`)), deadlineMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
