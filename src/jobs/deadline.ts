import { AppError } from '../platform/errors.ts';

/**
 * What the store answers, if it does so in time; what it still does afterwards is nobody's concern.
 * @throws AppError `queue_unavailable`
 */
export async function withDeadline<Answer>(answer: Promise<Answer>, deadlineMs: number): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(unavailable(new Error(`No answer within ${deadlineMs} ms`))), deadlineMs);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    // Lost the race: a failure that comes late is no failure of the process.
    answer.catch(() => {});
  }
}

export function unavailable(cause: unknown): AppError {
  return new AppError({
    code: 'queue_unavailable',
    kind: 'unavailable',
    retryable: true,
    message: 'The queues do not answer. Try again in a moment.',
    cause,
  });
}
