import assert from 'node:assert/strict';

/** Which rules of a suite were seen broken by an engine that was made to break them. */
export class Proof {
  readonly #rules: readonly string[];
  readonly #seen = new Set<string>();

  constructor(rules: readonly string[]) {
    this.#rules = rules;
  }

  /** Passes when a violation's name matches each pattern. */
  assertViolates(violations: readonly string[], ...patterns: readonly RegExp[]): void {
    for (const pattern of patterns) {
      const broken = violations.filter((name) => pattern.test(name));
      assert.ok(broken.length > 0, `${pattern} is not among: ${violations.join('; ') || 'none'}`);
      for (const name of broken) this.#seen.add(name);
    }
  }

  /** To be asked last. */
  assertWhole(): void {
    const unproven = this.#rules.filter((name) => !this.#seen.has(name));
    assert.deepEqual(unproven, [], 'rules that no engine was seen to break');
  }
}
