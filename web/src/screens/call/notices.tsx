import { pathOf } from '../../app/router.ts';
import { useServices } from '../../app/services.ts';
import type { LiveCall, Notice } from '../../call/call-state.ts';
import { CloseIcon, WarningIcon } from '../../components/icons.tsx';
import { useI18n } from '../../i18n/i18n.ts';

/** What the learner should know while the call goes on: minutes running out, the tutor's and the microphone's troubles. */
export function Notices({ live }: { readonly live: LiveCall }) {
  const { call } = useServices();
  const { t, maybe } = useI18n();
  const wordsFor = ({ code, message }: Notice): string =>
    maybe(`notice.${code}`) ?? (code.startsWith('engine_') ? t('notice.engine_failed') : message);
  return (
    <div className="notices" role="status">
      {live.warnMinutes !== null && (
        <p className="notice" data-tone={live.warnMinutes === 1 ? 'bad' : undefined} data-testid="minutes-warning">
          <WarningIcon size={20} />
          <span>{t(`call.warn_${live.warnMinutes}`)}</span>
          {/* In a tab of its own: a page that goes away takes its call with it. */}
          <a className="notice-link" href={pathOf({ screen: 'top-up' })} target="_blank" rel="noopener">
            {t('topup.go')}
            <span className="unseen"> ({t('app.new_tab')})</span>
          </a>
        </p>
      )}
      {live.notices.map((notice) => (
        <div key={notice.code} className="notice">
          <WarningIcon size={20} />
          <span>{wordsFor(notice)}</span>
          <button
            type="button"
            className="icon-button"
            aria-label={t('app.close')}
            onClick={() => call.dismissNotice(notice.code)}
          >
            <CloseIcon size={18} />
          </button>
        </div>
      ))}
    </div>
  );
}
