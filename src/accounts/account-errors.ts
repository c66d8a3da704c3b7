import { AppError } from '../platform/errors.ts';

/** Told only to somebody who knows the password, or has a letter of ours. */
export function accountBlocked(): AppError {
  return new AppError({ code: 'account_blocked', kind: 'forbidden', message: 'This account is blocked.' });
}

export function userNotFound(): AppError {
  return new AppError({ code: 'user_not_found', kind: 'not_found', message: 'There is no such user.' });
}
