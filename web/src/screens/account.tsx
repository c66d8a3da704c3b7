import { useEffect } from 'react';
import { usePages } from '../app/use-pages.ts';
import { useServices } from '../app/services.ts';
import { GiftIcon, PhoneIcon, PlusIcon } from '../components/icons.tsx';
import { Failure, Loading } from '../components/loading.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { useI18n } from '../i18n/i18n.ts';
import type { Transaction } from '../api/types.ts';

export function Account() {
  const { api, session } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const { pages, loading, error, hasMore, loadMore } = usePages(api.balance);
  const balance = pages[0];
  const transactions = pages.flatMap((page) => page.transactions);

  useEffect(() => {
    session.refresh(api).catch(() => undefined);
  }, [session, api]);

  return (
    <div className="column">
      <PageTitle title={t('account.title')} />
      {balance && (
        <section className="balance" aria-label={t('account.balance')}>
          <p className="balance-label">{t('account.balance')}</p>
          <p className="balance-number">
            <span data-testid="minutes-balance" data-minutes={balance.minutes_balance}>
              {i18n.number(balance.minutes_balance)}
            </span>{' '}
            <span className="balance-unit">{t('minutes.unit', { count: balance.minutes_balance })}</span>
          </p>
          {balance.minutes_held > 0 && (
            <div className="balance-held">
              <p>
                {t('account.available', {
                  minutes: balance.minutes_available,
                  count: balance.minutes_available,
                })}
                {' · '}
                {t('account.held', { minutes: balance.minutes_held, count: balance.minutes_held })}
              </p>
              <p className="balance-note">{t('account.held_note')}</p>
            </div>
          )}
        </section>
      )}
      {balance && (
        <section aria-labelledby="history">
          <h2 id="history" className="section-title">
            {t('account.history')}
          </h2>
          {transactions.length === 0 ? (
            <p className="empty-line">{t('account.empty')}</p>
          ) : (
            <ul className="rows">
              {transactions.map((transaction) => (
                <TransactionRow key={transaction.id} transaction={transaction} />
              ))}
            </ul>
          )}
        </section>
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

function TransactionRow({ transaction }: { readonly transaction: Transaction }) {
  const i18n = useI18n();
  const { type, minutes_delta: delta } = transaction;
  return (
    <li className="row">
      <span className="row-icon" data-tone={delta > 0 ? 'good' : undefined}>
        {type === 'usage' ? (
          <PhoneIcon size={20} />
        ) : type === 'deposit' ? (
          <PlusIcon size={20} />
        ) : (
          <GiftIcon size={20} />
        )}
      </span>
      <span className="row-main">
        <span className="row-title">{i18n.maybe(`transaction.${type}`) ?? i18n.t('transaction.other')}</span>
        {transaction.reason && <span className="row-reason">{transaction.reason}</span>}
        <time className="row-note" dateTime={transaction.created_at}>
          {i18n.dateTime(transaction.created_at)}
        </time>
      </span>
      <span className="row-end">
        <span className="row-number" data-tone={delta > 0 ? 'good' : undefined}>
          {i18n.t('minutes.short', { minutes: i18n.signed(delta) })}
        </span>
        <span className="row-note">{i18n.t('account.after', { minutes: transaction.balance_after })}</span>
      </span>
    </li>
  );
}
