import { useState } from 'react';
import { ApiError, errorCode } from '../api/api-error.ts';
import { describeError } from '../app/error-text.ts';
import { useServices } from '../app/services.ts';
import { useI18n } from '../i18n/i18n.ts';
import type { I18n } from '../i18n/i18n.ts';

/** Sends the letter with the link again, and says what came of it. */
export function SendConfirmation({ className }: { readonly className: string }) {
  const { api, session } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [state, setState] = useState<'ready' | 'sending' | 'sent'>('ready');
  const [error, setError] = useState<string>();

  async function send(): Promise<void> {
    if (state === 'sending') return;
    setState('sending');
    setError(undefined);
    try {
      await api.sendConfirmation();
      setState('sent');
    } catch (thrown) {
      setState('ready');
      // It was confirmed in another tab: the banner goes with the refreshed user.
      if (errorCode(thrown) === 'already_confirmed') await session.refresh(api).catch(() => undefined);
      else setError(refusal(i18n, thrown));
    }
  }

  return (
    <>
      {state !== 'sent' && (
        <button type="button" className={className} aria-disabled={state === 'sending'} onClick={() => void send()}>
          {t(state === 'sending' ? 'confirm.sending' : 'confirm.send')}
        </button>
      )}
      <span className="send-answer" role="status" data-tone={error === undefined ? undefined : 'bad'}>
        {state === 'sent' ? t('confirm.sent') : error}
      </span>
    </>
  );
}

function refusal(i18n: I18n, thrown: unknown): string {
  if (!(thrown instanceof ApiError) || thrown.code !== 'too_many_confirmations') return describeError(i18n, thrown);
  return i18n.t('confirm.too_many', { count: Math.ceil((thrown.retryAfterSec ?? 3600) / 60) });
}
