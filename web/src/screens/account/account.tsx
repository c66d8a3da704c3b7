import { useEffect } from 'react';
import { usePages } from '../../app/use-pages.ts';
import { useServices } from '../../app/services.ts';
import { PlusIcon } from '../../components/icons.tsx';
import { Link } from '../../components/link.tsx';
import { Failure, Loading } from '../../components/loading.tsx';
import { PageTitle } from '../../components/page-title.tsx';
import { useI18n } from '../../i18n/i18n.ts';
import type { User } from '../../api/types.ts';
import { InviteCard } from './invite-card.tsx';
import { StatementForm } from './statement-form.tsx';
import { TransactionRow } from './transaction-row.tsx';

export function Account({ user }: { readonly user: User }) {
  const { api, session } = useServices();
  const { t } = useI18n();
  const { pages, loading, error, hasMore, loadMore } = usePages(api.balance);
  const transactions = pages.flatMap((page) => page.transactions);

  useEffect(() => {
    session.refresh(api).catch(() => undefined);
  }, [session, api]);

  return (
    <div className="account">
      <PageTitle title={t('account.title')} />
      <BalanceCard user={user} owed={pages[0]?.minutes_owed ?? 0} />
      <InviteCard />
      <section className="account-history" aria-labelledby="history">
        <h2 id="history" className="section-title">
          {t('account.history')}
        </h2>
        {pages.length > 0 && transactions.length === 0 && <p className="empty-line">{t('account.empty')}</p>}
        {transactions.length > 0 && (
          <ul className="rows">
            {transactions.map((transaction) => (
              <TransactionRow key={transaction.id} transaction={transaction} />
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
        {transactions.length > 0 && <StatementForm />}
        <Link to={{ screen: 'delete-account' }} className="account-delete">
          {t('account.delete')}
        </Link>
      </section>
    </div>
  );
}

/** What may be talked, what a call holds, and what is owed. */
function BalanceCard({ user, owed }: { readonly user: User; readonly owed: number }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { minutes_available: available, minutes_held: held } = user;
  return (
    <section className="balance" aria-labelledby="balance">
      <h2 id="balance" className="balance-label">
        {t('account.balance')}
      </h2>
      <p className="balance-number">
        <span data-testid="minutes-available" data-minutes={available}>
          {i18n.number(available)}
        </span>{' '}
        <span className="balance-unit">{t('minutes.unit', { count: available })}</span>
      </p>
      {held > 0 && (
        <p className="balance-note">
          <strong>{t('account.held', { minutes: held, count: held })}</strong> {t('account.held_note')}
        </p>
      )}
      {owed > 0 && (
        <p className="balance-note" data-testid="minutes-owed">
          <strong>{t('account.owed', { minutes: owed, count: owed })}</strong> {t('account.owed_note')}
        </p>
      )}
      <Link to={{ screen: 'top-up' }} className="button balance-button">
        <PlusIcon size={20} /> {t('topup.go')}
      </Link>
    </section>
  );
}
