import { problemOfCode } from './problems.ts';
import type { CallProblem } from './problems.ts';

/** A failure that has been put into the learner's terms. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
  readonly problem: CallProblem;

  constructor(problem: CallProblem, cause: unknown) {
    super(problem, { cause });
    this.problem = problem;
  }
}

/** The stable code of an API's or signaling's error; `internal` for anything else. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : 'internal';
}

/** Rethrows as a `CallFailure`. */
export function failed(thrown: unknown): never {
  if (thrown instanceof CallFailure) throw thrown;
  const status = thrown instanceof Error && 'status' in thrown ? thrown.status : undefined;
  throw new CallFailure(problemOfCode(codeOf(thrown), typeof status === 'number' ? status : undefined), thrown);
}
