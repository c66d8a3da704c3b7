import { useRef, useState } from 'react';
import { useServices } from '../../app/services.ts';
import { useAnswer } from '../../app/use-answer.ts';
import { CheckIcon, CopyIcon, GiftIcon, ShareIcon } from '../../components/icons.tsx';
import { Failure, Loading } from '../../components/loading.tsx';
import { useI18n } from '../../i18n/i18n.ts';
import type { Invitations } from '../../api/types.ts';

/** The learner's own link, and what it has earned. */
export function InviteCard() {
  const { api } = useServices();
  const { t } = useI18n();
  const { value, error, retry } = useAnswer(api.invitations);
  const each = value?.minutes_each ?? 0;
  return (
    <section className="card invite" aria-labelledby="invite">
      <div className="invite-head">
        <span className="row-icon invite-icon">
          <GiftIcon size={22} />
        </span>
        <div>
          <h2 id="invite" className="section-title">
            {t('invite.title')}
          </h2>
          {value && (
            <p className="invite-what">
              {each > 0 ? t('invite.what', { minutes: each, count: each }) : t('invite.what_nothing')}
            </p>
          )}
        </div>
      </div>
      {error !== undefined && <Failure error={error} onRetry={retry} />}
      {!value && error === undefined && <Loading />}
      {value && <InviteLink invitations={value} />}
    </section>
  );
}

function InviteLink({ invitations }: { readonly invitations: Invitations }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { link, code, minutes_each: each, invited, confirmed, rewarded_minutes: earned } = invitations;
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<'copied' | 'failed'>();
  const canShare = typeof navigator.share === 'function';

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(link);
      setCopied('copied');
    } catch {
      // No permission, or not a secure page: chosen, so that one keystroke copies it.
      field.current?.select();
      setCopied('failed');
    }
  }
  /** A refusal is the learner's own: nothing to say. */
  const share = (): Promise<void> =>
    navigator
      .share({ title: 'AIlingva', text: t(each > 0 ? 'invite.share_text' : 'app.tagline'), url: link })
      .catch(() => undefined);

  return (
    <>
      <div className="invite-link">
        <label className="unseen" htmlFor="invite-link">
          {t('invite.link')}
        </label>
        <input id="invite-link" ref={field} readOnly value={link} onFocus={(event) => event.target.select()} />
        <button type="button" className="button primary" onClick={() => void copy()}>
          {copied === 'copied' ? <CheckIcon size={20} /> : <CopyIcon size={20} />}
          {t(copied === 'copied' ? 'invite.copied' : 'invite.copy')}
        </button>
        {canShare && (
          <button type="button" className="button quiet" onClick={() => void share()}>
            <ShareIcon size={20} /> {t('invite.share')}
          </button>
        )}
      </div>
      <p className={copied === 'failed' ? 'field-note' : 'unseen'} role="status">
        {copied === 'copied' && t('invite.copied')}
        {copied === 'failed' && t('invite.copy_failed')}
      </p>
      <p className="invite-code">
        {t('invite.code')} <strong>{`${code.slice(0, 4)}-${code.slice(4)}`}</strong>
      </p>
      <dl className="invite-counts">
        <div>
          <dt>{t('invite.invited')}</dt>
          <dd data-testid="invited">{i18n.number(invited)}</dd>
        </div>
        <div>
          <dt>{t('invite.confirmed')}</dt>
          <dd>{i18n.number(confirmed)}</dd>
        </div>
        <div>
          <dt>{t('invite.earned')}</dt>
          <dd data-testid="minutes-earned" data-minutes={earned}>
            {t('minutes.short', { minutes: i18n.number(earned) })}
          </dd>
        </div>
      </dl>
    </>
  );
}
