import { useCallback, useEffect, useRef, useState } from 'react';
import type { FormEvent } from 'react';
import { errorCode } from '../../api/api-error.ts';
import { newIdempotencyKey } from '../../api/idempotency-key.ts';
import { describeError } from '../../app/error-text.ts';
import { useServices, useStore } from '../../app/services.ts';
import { useAnswer } from '../../app/use-answer.ts';
import { readAmount, roublesOf, writeAmount, kopecksOf } from '../../billing/amount.ts';
import { DepositAttempts } from '../../billing/deposit-attempt.ts';
import { offerFor } from '../../billing/offers.ts';
import { payAt } from '../../billing/payment-page.ts';
import { QuoteDesk } from '../../billing/quote-desk.ts';
import { Field } from '../../components/field.tsx';
import { BackIcon } from '../../components/icons.tsx';
import { Link } from '../../components/link.tsx';
import { Failure, Loading } from '../../components/loading.tsx';
import { PageTitle } from '../../components/page-title.tsx';
import { useI18n } from '../../i18n/i18n.ts';
import type { I18n } from '../../i18n/i18n.ts';
import type { Package, User } from '../../api/types.ts';
import { PackageCards } from './package-cards.tsx';
import { QuoteBox } from './quote-box.tsx';

/** What minutes cost, and the way to buy some. */
export function TopUp({ user }: { readonly user: User }) {
  const { api } = useServices();
  const { t } = useI18n();
  const ask = useCallback(async () => {
    const [packages, balance] = await Promise.all([api.packages(), api.balance()]);
    return { packages, owed: balance.minutes_owed };
  }, [api]);
  const { value, error, retry } = useAnswer(ask);
  return (
    <div className="column">
      <Link to={{ screen: 'account' }} className="back">
        <BackIcon size={20} /> {t('nav.account')}
      </Link>
      <PageTitle title={t('topup.title')} />
      <p className="topup-now">{t('topup.now', { minutes: user.minutes_available, count: user.minutes_available })}</p>
      {error !== undefined && <Failure error={error} onRetry={retry} />}
      {value === undefined && error === undefined && <Loading />}
      {value && <DepositForm packages={value.packages} owed={value.owed} />}
    </div>
  );
}

function DepositForm({ packages, owed }: { readonly packages: readonly Package[]; readonly owed: number }) {
  const { api, call, router } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [text, setText] = useState(() => writeAmount(kopecksOf(packages[0]?.min_amount_rub ?? 300)));
  const [tried, setTried] = useState(false);
  const [paying, setPaying] = useState(false);
  const [refusal, setRefusal] = useState<unknown>();
  const [desk] = useState(() => new QuoteDesk(api.quote));
  const [attempts] = useState(() => new DepositAttempts(api.deposit, newIdempotencyKey));
  const quote = useStore(desk.state);
  const form = useRef<HTMLFormElement>(null);
  const inCall = ['live', 'starting'].includes(useStore(call.state).status);

  const amount = readAmount(text);
  const kopecks = amount.kind === 'amount' && amount.kopecks > 0 ? amount.kopecks : undefined;
  useEffect(() => {
    desk.want(kopecks);
    return () => desk.close();
  }, [desk, kopecks]);

  // Whoever comes back from the payment page by the Back button finds the form ready again.
  useEffect(() => {
    const ready = (): void => setPaying(false);
    addEventListener('pageshow', ready);
    return () => removeEventListener('pageshow', ready);
  }, []);

  const limit = quote.status === 'failed' ? limitOf(i18n, quote.error) : undefined;
  const amountError =
    amount.kind === 'empty' || (amount.kind === 'amount' && kopecks === undefined)
      ? t('topup.missing')
      : amount.kind === 'unreadable'
        ? t('topup.unreadable')
        : limit;

  function choose(roubles: number): void {
    setText(writeAmount(kopecksOf(roubles)));
    setRefusal(undefined);
  }

  async function pay(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (paying) return;
    setTried(true);
    setRefusal(undefined);
    if (kopecks === undefined || amountError !== undefined) {
      form.current?.querySelector<HTMLInputElement>('input[name=amount]')?.focus();
      return;
    }
    // A page that goes away takes its call with it: then the payment gets a tab of its own. Browsers let a press open it.
    const tab = inCall ? open('', '_blank') : null;
    if (tab) tab.opener = null;
    setPaying(true);
    try {
      const deposit = await attempts.begin(roublesOf(kopecks));
      const url = payAt(deposit, location.href);
      if (url === undefined) tab?.close();
      else if (tab) tab.location.href = url;
      else return location.assign(url);
      router.go({ screen: 'deposit', paymentId: deposit.payment_id });
    } catch (error) {
      tab?.close();
      setPaying(false);
      setRefusal(error);
    }
  }

  return (
    <form ref={form} className="topup" noValidate onSubmit={(event) => void pay(event)}>
      {packages.length > 0 && (
        <PackageCards
          packages={packages}
          chosenId={kopecks === undefined ? undefined : offerFor(kopecks, packages)?.id}
          onChoose={(offer) => choose(offer.min_amount_rub)}
        />
      )}
      <div className="card topup-pay">
        <Field
          label={t('topup.amount')}
          value={text}
          onChange={(value) => {
            setText(value);
            setRefusal(undefined);
          }}
          error={tried ? amountError : undefined}
          input={{ name: 'amount', inputMode: 'decimal', autoComplete: 'off', enterKeyHint: 'done', maxLength: 16 }}
        />
        <QuoteBox
          state={quote}
          kopecks={kopecks}
          packages={packages}
          owed={owed}
          limit={limit === undefined ? undefined : { words: limit, saidByField: tried }}
          onChoose={choose}
          onRetry={() => desk.want(kopecks)}
        />
        <div role="alert">
          {refusal !== undefined && (
            <p className="callout bad">{limitOf(i18n, refusal) ?? describeError(i18n, refusal)}</p>
          )}
        </div>
        <button type="submit" className="button primary wide" aria-disabled={paying}>
          {paying
            ? t('topup.opening')
            : kopecks === undefined
              ? t('topup.pay')
              : t('topup.pay_amount', { amount: i18n.money(roublesOf(kopecks)) })}
        </button>
        <p className="field-note topup-how">{t(inCall ? 'topup.how_in_call' : 'topup.how')}</p>
      </div>
    </form>
  );
}

/** Words for an amount that is beyond a limit; undefined for every other error. */
function limitOf(i18n: I18n, error: unknown): string | undefined {
  const code = errorCode(error);
  // More than any request may carry.
  if (code === 'request_invalid') return i18n.t('topup.impossible');
  return code === 'amount_too_small' || code === 'amount_too_large' ? describeError(i18n, error) : undefined;
}
