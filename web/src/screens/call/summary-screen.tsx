import { useEffect, useState } from 'react';
import { useServices } from '../../app/services.ts';
import type { CallSummary, User } from '../../api/types.ts';
import type { CallState } from '../../call/call-state.ts';
import { scoreWords } from '../../call/captions.ts';
import { CheckIcon, PhoneIcon } from '../../components/icons.tsx';
import { Link } from '../../components/link.tsx';
import { PageTitle } from '../../components/page-title.tsx';
import { useI18n } from '../../i18n/i18n.ts';

const good: ReadonlySet<string> = new Set(['hang_up', 'lesson_over']);
/** A job charges the call after its end; seconds, unless the jobs are behind. */
const ASK_EVERY_MS = 700;
const ASK_TIMES = 25;

export function SummaryScreen(props: { readonly over: Extract<CallState, { status: 'over' }>; readonly user: User }) {
  const { call } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const { over, user } = props;
  const charge = useCharge(over.callId);
  const words = scoreWords(over.captions.flatMap((caption) => caption.words ?? []));
  const talked = over.talkedMs >= 1000;
  const charged =
    charge === 'asking'
      ? t('summary.counting')
      : charge === 'unknown'
        ? t('summary.later')
        : charge.billed_minutes
          ? t('minutes.count', { minutes: charge.billed_minutes, count: charge.billed_minutes })
          : t('summary.nothing');

  return (
    <div className="moment summary">
      <span className="moment-icon" data-tone={good.has(over.reason) ? 'good' : undefined}>
        {good.has(over.reason) ? <CheckIcon size={36} /> : <PhoneIcon size={32} />}
      </span>
      <PageTitle title={t(good.has(over.reason) && talked ? 'summary.well_done' : 'summary.title')} />
      <p className="moment-what" data-testid="end-reason" data-reason={over.reason}>
        {i18n.maybe(`end.${over.reason}`) ?? t('end.other')}
      </p>
      <dl className="facts">
        <div>
          <dt>{t('summary.talked')}</dt>
          <dd>{i18n.clock(over.talkedMs)}</dd>
        </div>
        <div>
          <dt>{t('summary.charged')}</dt>
          <dd>
            <span data-testid="minutes-charged" role="status">
              {charged}
            </span>
          </dd>
        </div>
        <div>
          <dt>{t('summary.left')}</dt>
          <dd>
            {charge === 'asking' ? (
              // What is known now has this call's hold in it, or not the call at all.
              '…'
            ) : (
              <>
                <span data-testid="minutes-left" data-minutes={user.minutes_available}>
                  {i18n.number(user.minutes_available)}
                </span>{' '}
                {t('minutes.unit', { count: user.minutes_available })}
              </>
            )}
          </dd>
        </div>
        {words.asked > 0 && (
          <div>
            <dt>{t('summary.words')}</dt>
            <dd>
              {words.right} / {words.asked}
            </dd>
          </div>
        )}
      </dl>
      <div className="moment-actions">
        {user.minutes_available >= 1 ? (
          <button
            type="button"
            className="button primary"
            onClick={() => call.start({ language: user.language, level: user.level })}
          >
            {t('summary.again')}
          </button>
        ) : (
          <Link to={{ screen: 'top-up' }} className="button primary" onFollow={() => call.reset()}>
            {t('topup.go')}
          </Link>
        )}
        <Link
          to={{ screen: 'call-detail', callId: over.callId }}
          className="button quiet"
          onFollow={() => call.reset()}
        >
          {t('summary.transcript')}
        </Link>
        <button type="button" className="button plain" onClick={() => call.reset()}>
          {t('summary.home')}
        </button>
      </div>
    </div>
  );
}

/** Asks until the call is charged, and then for the balance. */
function useCharge(callId: string): CallSummary | 'asking' | 'unknown' {
  const { api, session } = useServices();
  const [charge, setCharge] = useState<CallSummary | 'asking' | 'unknown'>('asking');
  useEffect(() => {
    let left = false;
    let timer: ReturnType<typeof setTimeout>;
    async function ask(times: number): Promise<void> {
      const call = await api.call(callId).catch(() => undefined);
      if (left) return;
      if (call?.status === 'finalized') {
        // Both figures change together.
        await session.refresh(api).catch(() => undefined);
        if (!left) setCharge(call);
      } else if (times > 0) {
        timer = setTimeout(() => void ask(times - 1), ASK_EVERY_MS);
      } else {
        await session.refresh(api).catch(() => undefined);
        if (!left) setCharge('unknown');
      }
    }
    void ask(ASK_TIMES);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [api, session, callId]);
  return charge;
}
