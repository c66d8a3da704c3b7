/** A test, or a suite: what it opens is closed after it. */
export interface Cleanup {
  after(close: () => Promise<void> | void): void;
}
