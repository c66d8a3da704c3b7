import { AppError } from '../platform/errors.ts';
import { COMMON_PASSWORDS } from './common-passwords.ts';

/**
 * Length and no rules of composition, common passwords refused:
 * NIST SP 800-63B-4, 3.1.1.2 (https://pages.nist.gov/800-63-4/sp800-63b.html). Lengths in Unicode characters.
 */
export const SHORTEST_PASSWORD = 10;
export const LONGEST_PASSWORD = 200;

/** Before hashing and comparing: the same characters typed on another keyboard give the same password. */
export function normalizePassword(password: string): string {
  return password.normalize('NFKC');
}

/** @throws AppError `password_too_short`, `password_too_long`, `password_too_common` */
export function checkPassword(password: string, email: string): void {
  const normalized = normalizePassword(password);
  const length = Array.from(normalized).length;
  if (length < SHORTEST_PASSWORD) {
    throw refused('password_too_short', `The password must have at least ${SHORTEST_PASSWORD} characters.`);
  }
  if (length > LONGEST_PASSWORD) {
    throw refused('password_too_long', `The password may have at most ${LONGEST_PASSWORD} characters.`);
  }
  const lower = normalized.toLowerCase();
  if (COMMON_PASSWORDS.has(lower) || lower === email || lower === email.split('@')[0] || isOneCharacter(lower)) {
    throw refused('password_too_common', 'This password is among the first that would be guessed. Choose another.');
  }
}

function isOneCharacter(password: string): boolean {
  return new Set(password).size === 1;
}

function refused(code: string, message: string): AppError {
  return new AppError({ code, kind: 'invalid', message });
}
