import { useServices } from '../../app/services.ts';
import type { User } from '../../api/types.ts';
import { browserFamily } from '../../call/problems.ts';
import type { CallProblem } from '../../call/problems.ts';
import { WarningIcon } from '../../components/icons.tsx';
import { Link } from '../../components/link.tsx';
import { PageTitle } from '../../components/page-title.tsx';
import { useI18n } from '../../i18n/i18n.ts';

/** Another press cannot help with these. */
const final: ReadonlySet<CallProblem> = new Set([
  'insecure_page',
  'webrtc_missing',
  'no_minutes',
  'signed_out',
  'page_outdated',
]);

export function CallProblemScreen(props: {
  readonly problem: CallProblem;
  readonly callId: string | undefined;
  readonly user: User;
}) {
  const { call } = useServices();
  const { t } = useI18n();
  const { problem, callId, user } = props;
  // The call itself is over, or elsewhere: the next press asks for another one.
  const isOver = problem === 'taken_over' || problem === 'call_gone';

  function startAgain(): void {
    const consented = !isOver && call.consented;
    call.start({ language: user.language, level: user.level, ...(consented && { recording_consent: true }) });
  }
  return (
    <div className="moment" data-testid="call-problem" data-problem={problem}>
      <span className="moment-icon" data-tone={isOver ? undefined : 'bad'}>
        <WarningIcon size={36} />
      </span>
      <PageTitle title={t(`problem.${problem}.title`)} />
      <div className="moment-what" role="alert">
        <p>{t(`problem.${problem}.what`)}</p>
        {problem === 'microphone_denied' && (
          <p className="callout">{t(`problem.microphone_denied.${browserFamily(navigator.userAgent)}`)}</p>
        )}
      </div>
      <div className="moment-actions">
        {problem === 'no_minutes' && (
          <Link to={{ screen: 'top-up' }} className="button primary" onFollow={() => call.reset()}>
            {t('topup.go')}
          </Link>
        )}
        {problem === 'page_outdated' && (
          <button type="button" className="button primary" onClick={() => location.reload()}>
            {t('app.retry')}
          </button>
        )}
        {!final.has(problem) && (
          <button type="button" className="button primary" onClick={startAgain}>
            {t(isOver ? 'summary.again' : 'app.retry')}
          </button>
        )}
        {callId !== undefined && problem === 'call_gone' && (
          <Link to={{ screen: 'call-detail', callId }} className="button quiet" onFollow={() => call.reset()}>
            {t('summary.transcript')}
          </Link>
        )}
        <button type="button" className="button quiet" onClick={() => call.reset()}>
          {t('problem.back')}
        </button>
      </div>
    </div>
  );
}
