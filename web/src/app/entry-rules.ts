import type { I18n } from '../i18n/i18n.ts';

/** As the server's rule: src/accounts/password-policy.ts. */
export const SHORTEST_PASSWORD = 10;

/** What is wrong with a typed address; `undefined` when nothing is. */
export function emailProblem({ t }: I18n, email: string): string | undefined {
  if (email.trim() === '') return t('error.email_missing');
  return /^\S+@\S+\.\S+$/.test(email.trim()) ? undefined : t('error.email_invalid');
}

/** The same for a password that is chosen now. */
export function newPasswordProblem({ t }: I18n, password: string): string | undefined {
  if (password === '') return t('error.password_missing');
  const missing = SHORTEST_PASSWORD - Array.from(password).length;
  return missing > 0 ? t('error.password_short', { missing, count: missing }) : undefined;
}
