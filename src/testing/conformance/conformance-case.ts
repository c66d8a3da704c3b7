import { test } from 'node:test';

/**
 * A rule that every engine of a kind keeps. A suite is a list of them: run as tests on an engine that has to pass, and
 * as data on broken engines, to prove that the suite sees what is broken.
 */
export interface ConformanceCase<Subject> {
  readonly name: string;
  /** Why the rule does not apply to this subject; it then asks nothing of it. */
  readonly exempts?: (subject: Subject) => string | undefined;
  /** Throws when the rule is broken. */
  readonly check: (subject: Subject) => Promise<void>;
}

/** Registers every case as a test. The subject is made once, and whoever made it also ends it. */
export function testCases<Subject>(
  kind: string,
  cases: readonly ConformanceCase<Subject>[],
  subject: () => Subject,
): void {
  for (const { name, exempts, check } of cases) {
    test(`${kind}: ${name}`, async (t) => {
      const under = subject();
      const reason = exempts?.(under);
      if (reason === undefined) await check(under);
      else t.diagnostic(reason);
    });
  }
}

/** The names of the cases that `subject` does not pass. */
export async function findViolations<Subject>(
  cases: readonly ConformanceCase<Subject>[],
  subject: () => Subject,
): Promise<string[]> {
  const violations: string[] = [];
  for (const { name, exempts, check } of cases) {
    const under = subject();
    if (exempts?.(under) !== undefined) continue;
    try {
      await check(under);
    } catch {
      violations.push(name);
    }
  }
  return violations;
}
