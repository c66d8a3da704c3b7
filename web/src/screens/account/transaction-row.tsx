import type { ReactNode } from 'react';
import { GiftIcon, PhoneIcon, PlusIcon, ReturnIcon, SettingsIcon } from '../../components/icons.tsx';
import { useI18n } from '../../i18n/i18n.ts';
import type { Transaction } from '../../api/types.ts';

const icons: Readonly<Record<string, ReactNode>> = {
  usage: <PhoneIcon size={20} />,
  deposit: <PlusIcon size={20} />,
  reversal: <ReturnIcon size={20} />,
  adjustment: <SettingsIcon size={20} />,
};

export function TransactionRow({ transaction }: { readonly transaction: Transaction }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { type, minutes_delta: delta, amount_rub: paid } = transaction;
  const tone = delta > 0 ? 'good' : undefined;
  return (
    <li className="row" data-type={type}>
      <span className="row-icon" data-tone={tone}>
        {icons[type] ?? <GiftIcon size={20} />}
      </span>
      <span className="row-main">
        <span className="row-title">{i18n.maybe(`transaction.${type}`) ?? t('transaction.other')}</span>
        {transaction.reason && <span className="row-reason">{transaction.reason}</span>}
        {paid !== null && (
          <span className="row-reason">
            {t(paid < 0 ? 'account.returned' : 'account.paid', { amount: i18n.money(Math.abs(paid)) })}
          </span>
        )}
        <time className="row-note" dateTime={transaction.created_at}>
          {i18n.dateTime(transaction.created_at)}
        </time>
      </span>
      <span className="row-end">
        <span className="row-number" data-tone={tone}>
          {t('minutes.short', { minutes: i18n.signed(delta) })}
        </span>
        <span className="row-note">{t('account.after', { minutes: i18n.number(transaction.balance_after) })}</span>
      </span>
    </li>
  );
}
