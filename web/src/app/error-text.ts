import { ApiError, errorCode } from '../api/api-error.ts';
import type { I18n, MessageKey } from '../i18n/i18n.ts';

/** Codes of the API for which the page says the same thing. The rest are `error.<code>`, or `error.internal`. */
const KEY_OF_CODE: Readonly<Record<string, MessageKey>> = {
  too_many_logins: 'error.rate_limited',
  too_many_registrations: 'error.rate_limited',
  too_many_requests: 'error.rate_limited',
  too_many_confirmations: 'error.rate_limited',
  too_many_password_requests: 'error.rate_limited',
  payment_provider_unavailable: 'error.payments_down',
  payment_provider_misconfigured: 'error.payments_down',
  idempotency_key_reused: 'error.internal',
  payment_not_found: 'error.not_found',
  sign_in_busy: 'error.busy',
  password_too_short: 'error.password_weak',
  password_too_common: 'error.password_weak',
  credentials_invalid: 'error.invalid_credentials',
  login_failed: 'error.invalid_credentials',
  sign_in_failed: 'error.invalid_credentials',
  email_already_registered: 'error.email_taken',
  email_in_use: 'error.email_taken',
  referral_code_unknown: 'error.referral_unknown',
  referral_code_invalid: 'error.referral_unknown',
  role_not_allowed: 'error.forbidden',
  user_blocked: 'error.blocked',
  account_blocked: 'error.blocked',
  call_not_found: 'error.not_found',
  user_not_found: 'error.not_found',
};

/** Errors that tell a limit in roubles. */
const LIMITS: Readonly<Record<string, { readonly key: MessageKey; readonly field: string }>> = {
  amount_too_small: { key: 'error.amount_below', field: 'min_amount_rub' },
  amount_too_large: { key: 'error.amount_above', field: 'max_amount_rub' },
};

/** Says what went wrong and what to do. */
export function describeError(i18n: I18n, thrown: unknown): string {
  const code = errorCode(thrown);
  const key = KEY_OF_CODE[code];
  if (key === 'error.rate_limited' && thrown instanceof ApiError && thrown.retryAfterSec !== undefined) {
    return thrown.retryAfterSec <= 90
      ? i18n.t('error.rate_limited_for', { count: Math.ceil(thrown.retryAfterSec) })
      : i18n.t('error.rate_limited_minutes', { count: Math.ceil(thrown.retryAfterSec / 60) });
  }
  const limit = LIMITS[code];
  if (limit !== undefined && thrown instanceof ApiError) {
    const roubles = thrown.details[limit.field];
    if (typeof roubles === 'number') return i18n.t(limit.key, { amount: i18n.money(roubles) });
  }
  if (key !== undefined) return i18n.t(key);
  return i18n.maybe(`error.${code}`) ?? i18n.t('error.internal');
}
