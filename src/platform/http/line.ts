import { z } from 'zod';

/**
 * One line as people write it, without the spaces around it. Control characters have no place in it, and PostgreSQL takes
 * no NUL. Lengths in UTF-16 units.
 */
export function line(shortest: number, longest: number) {
  return z
    .string()
    .trim()
    .min(shortest)
    .max(longest)
    .regex(/^\P{Cc}*$/u, 'must not contain control characters');
}

/** Why a member of staff does something, in their own words. */
export const staffReason = line(3, 500);
