import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { describeError } from '../app/error-text.ts';
import { useServices, useStore } from '../app/services.ts';
import { PaymentWatch } from '../billing/payment-watch.ts';
import { payAt } from '../billing/payment-page.ts';
import { CheckIcon, ClockIcon, ReturnIcon, WarningIcon } from '../components/icons.tsx';
import { Link } from '../components/link.tsx';
import { Loading } from '../components/loading.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { useI18n } from '../i18n/i18n.ts';
import type { Deposit, PaymentStatus, User } from '../api/types.ts';

type Ending = 'succeeded' | 'returned' | 'canceled' | 'expired' | 'failed' | 'checking';

const ENDING_OF_STATUS: Readonly<Record<Exclude<PaymentStatus, 'created' | 'pending'>, Ending>> = {
  succeeded: 'succeeded',
  partially_refunded: 'returned',
  refunded: 'returned',
  canceled: 'canceled',
  expired: 'expired',
  failed: 'failed',
  mismatch: 'checking',
};

/** Where the payment provider sends the payer back to: asks until the payment is decided. */
export function DepositScreen({ paymentId, user }: { readonly paymentId: string; readonly user: User }) {
  const { api } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [watch] = useState(() => new PaymentWatch((signal) => api.readDeposit(paymentId, signal)));
  const view = useStore(watch.state);
  useEffect(() => {
    watch.start();
    return () => watch.close();
  }, [watch]);

  if (view.status === 'failed') {
    return (
      <Moment
        key="failed"
        state="unreadable"
        title={t('deposit.unreadable.title')}
        tone="bad"
        icon={<WarningIcon size={36} />}
      >
        <p className="moment-what">{describeError(i18n, view.error)}</p>
        <div className="moment-actions">
          <button type="button" className="button primary" onClick={() => watch.start()}>
            {t('app.retry')}
          </button>
          <ToAccount />
        </div>
      </Moment>
    );
  }
  if (view.status === 'waiting') {
    const { pace } = view;
    const slow = pace === 'slow';
    const payUrl = pace === 'usual' ? undefined : payAt(view.deposit, location.href);
    return (
      <Moment
        key={slow ? 'slow' : 'waiting'}
        state={slow ? 'slow' : 'waiting'}
        title={t(slow ? 'deposit.slow.title' : 'deposit.waiting.title')}
        icon={<ClockIcon size={36} />}
      >
        <p className="moment-what" role="status">
          {t(slow ? 'deposit.slow.what' : payUrl === undefined ? 'deposit.waiting.what' : 'deposit.waiting.long')}
        </p>
        {!slow && <Loading />}
        {pace !== 'usual' && (
          <div className="moment-actions">
            {slow && (
              <button type="button" className="button primary" onClick={() => watch.start()}>
                {t('deposit.ask_again')}
              </button>
            )}
            {payUrl !== undefined && (
              <a className="button quiet" href={payUrl}>
                {t('deposit.go_on')}
              </a>
            )}
            <ToAccount />
          </div>
        )}
      </Moment>
    );
  }
  return <Decided deposit={view.deposit} user={user} />;
}

function Decided({ deposit, user }: { readonly deposit: Deposit; readonly user: User }) {
  const { api, session } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const ending = endingOf(deposit.status);
  const [fresh, setFresh] = useState(false);
  useEffect(() => {
    let left = false;
    session.refresh(api).then(
      () => left || setFresh(true),
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [session, api]);

  if (ending === 'succeeded') {
    return (
      <Moment
        key={ending}
        state={ending}
        title={t('deposit.succeeded.title')}
        tone="good"
        icon={<CheckIcon size={36} />}
      >
        <dl className="facts">
          <div>
            <dt>{t('deposit.bought')}</dt>
            <dd>{t('minutes.count', { minutes: deposit.minutes, count: deposit.minutes })}</dd>
          </div>
          <div>
            <dt>{t('deposit.paid')}</dt>
            <dd>{i18n.money(deposit.amount_rub)}</dd>
          </div>
          <div>
            <dt>{t('deposit.now')}</dt>
            <dd>
              <span role="status">
                {fresh ? (
                  <span data-testid="minutes-left" data-minutes={user.minutes_available}>
                    {t('minutes.count', { minutes: user.minutes_available, count: user.minutes_available })}
                  </span>
                ) : (
                  t('summary.counting')
                )}
              </span>
            </dd>
          </div>
        </dl>
        <div className="moment-actions">
          <Link to={{ screen: 'call' }} className="button primary">
            {t('deposit.talk')}
          </Link>
          <ToAccount />
        </div>
      </Moment>
    );
  }
  const again = ending === 'canceled' || ending === 'expired' || ending === 'failed';
  return (
    <Moment
      key={ending}
      state={ending}
      title={t(`deposit.${ending}.title`)}
      tone={again ? 'bad' : undefined}
      icon={
        again ? <WarningIcon size={36} /> : ending === 'returned' ? <ReturnIcon size={36} /> : <ClockIcon size={36} />
      }
    >
      <p className="moment-what">{t(`deposit.${ending}.what`)}</p>
      <div className="moment-actions">
        {again && (
          <Link to={{ screen: 'top-up' }} className="button primary">
            {t('deposit.again')}
          </Link>
        )}
        <ToAccount />
      </div>
    </Moment>
  );
}

function endingOf(status: PaymentStatus): Ending {
  return status === 'created' || status === 'pending' ? 'checking' : ENDING_OF_STATUS[status];
}

function ToAccount() {
  const { t } = useI18n();
  return (
    <Link to={{ screen: 'account' }} className="button quiet">
      {t('ready.to_account')}
    </Link>
  );
}

/** Drawn anew for each state, so that its heading takes the focus and is read out. */
function Moment(props: {
  readonly state: string;
  readonly title: string;
  readonly tone?: 'good' | 'bad' | undefined;
  readonly icon: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div className="moment" data-testid="deposit" data-state={props.state}>
      <span className="moment-icon" data-tone={props.tone}>
        {props.icon}
      </span>
      <PageTitle title={props.title} />
      {props.children}
    </div>
  );
}
