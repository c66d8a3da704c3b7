import { describeError } from '../app/error-text.ts';
import { useI18n } from '../i18n/i18n.ts';

/** Why a form was refused, read out when it comes. Nothing while `error` is undefined. */
export function FormAlert({ error }: { readonly error: unknown }) {
  const i18n = useI18n();
  return <div role="alert">{error !== undefined && <p className="callout bad">{describeError(i18n, error)}</p>}</div>;
}
