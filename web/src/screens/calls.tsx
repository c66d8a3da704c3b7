import { usePages } from '../app/use-pages.ts';
import { useServices } from '../app/services.ts';
import { ChevronIcon, HistoryIcon } from '../components/icons.tsx';
import { Link } from '../components/link.tsx';
import { Failure, Loading } from '../components/loading.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { useI18n } from '../i18n/i18n.ts';
import type { I18n } from '../i18n/i18n.ts';
import type { CallSummary } from '../api/types.ts';

export function Calls() {
  const { api } = useServices();
  const { t } = useI18n();
  const { pages, loading, error, hasMore, loadMore } = usePages(api.calls);
  const calls = pages.flatMap((page) => page.calls);

  return (
    <div className="column">
      <PageTitle title={t('calls.title')} />
      {pages.length > 0 && calls.length === 0 && (
        <div className="empty">
          <span className="empty-icon">
            <HistoryIcon size={32} />
          </span>
          <h2>{t('calls.empty')}</h2>
          <p>{t('calls.empty_what')}</p>
          <Link to={{ screen: 'call' }} className="button primary">
            {t('app.to_call')}
          </Link>
        </div>
      )}
      {calls.length > 0 && (
        <ul className="rows">
          {calls.map((call) => (
            <CallRow key={call.call_id} call={call} />
          ))}
        </ul>
      )}
      {loading && <Loading />}
      {error !== undefined && <Failure error={error} onRetry={loadMore} />}
      {hasMore && !loading && error === undefined && (
        <button type="button" className="button quiet more" onClick={loadMore}>
          {t('app.more')}
        </button>
      )}
    </div>
  );
}

function CallRow({ call }: { readonly call: CallSummary }) {
  const i18n = useI18n();
  const { t } = i18n;
  const unusual = call.end_reason !== null && call.end_reason !== 'hang_up' && call.end_reason !== 'lesson_over';
  return (
    <li className="row linked">
      <span className="row-main">
        <Link to={{ screen: 'call-detail', callId: call.call_id }} className="row-link">
          {i18n.dateTime(call.started_at ?? call.placed_at)}
        </Link>
        <span className="row-note">
          {t(`language.${call.language}`)} · {t(`level.${call.level}`)}
        </span>
        {unusual && <span className="row-note">{i18n.maybe(`end.${call.end_reason}`) ?? t('end.other')}</span>}
      </span>
      <span className="row-end">
        <span className="row-number">
          {isOpen(call) ? <span className="badge">{t('calls.live')}</span> : i18n.duration(call.duration_sec)}
        </span>
        <span className="row-note">{chargeOf(call, i18n)}</span>
      </span>
      <span className="row-chevron">
        <ChevronIcon size={18} />
      </span>
    </li>
  );
}

const isOpen = (call: CallSummary): boolean => call.status === 'placed' || call.status === 'live';

/** What the call cost, in words; empty while it is on. */
export function chargeOf(call: CallSummary, i18n: I18n): string {
  if (isOpen(call)) return '';
  if (call.billed_minutes === null) {
    return i18n.t(call.status === 'ended' ? 'calls.being_counted' : 'calls.not_charged');
  }
  if (call.billed_minutes === 0) return i18n.t('calls.not_charged');
  return i18n.t('calls.charged', { minutes: call.billed_minutes, count: call.billed_minutes });
}
