import { describeError } from '../../app/error-text.ts';
import { roublesOf } from '../../billing/amount.ts';
import { nextOffer } from '../../billing/offers.ts';
import type { QuoteState } from '../../billing/quote-desk.ts';
import { useI18n } from '../../i18n/i18n.ts';
import type { Package, Quote } from '../../api/types.ts';

/** What the typed amount buys, read out when it is known. */
export function QuoteBox(props: {
  readonly state: QuoteState;
  readonly kopecks: number | undefined;
  readonly packages: readonly Package[];
  /** Minutes that the payment goes to first. */
  readonly owed: number;
  /** The amount is beyond a limit: the field says so, or, while one still types, this box, calmly. */
  readonly limit: { readonly words: string; readonly saidByField: boolean } | undefined;
  readonly onChoose: (roubles: number) => void;
  readonly onRetry: () => void;
}) {
  const i18n = useI18n();
  const { t } = i18n;
  const { state, kopecks } = props;
  const shown = state.status === 'known' ? state.quote : state.status === 'asking' ? state.last : undefined;
  const next = kopecks === undefined ? undefined : nextOffer(kopecks, props.packages);
  // The field has said it all.
  if (props.limit?.saidByField) return undefined;
  return (
    <div className="quote" data-testid="quote" data-state={state.status}>
      <div className="quote-answer" role="status" aria-busy={state.status === 'asking'}>
        {shown && <QuoteWords quote={shown} owed={props.owed} />}
        {!shown && state.status === 'asking' && <p className="quote-hint">{t('summary.counting')}</p>}
        {state.status === 'none' && <p className="quote-hint">{t('topup.quote_empty')}</p>}
        {props.limit && <p className="quote-hint">{props.limit.words}</p>}
      </div>
      {state.status === 'failed' && !props.limit && (
        <p className="quote-hint">
          {describeError(i18n, state.error)}{' '}
          <button type="button" className="text-button" onClick={props.onRetry}>
            {t('app.retry')}
          </button>
        </p>
      )}
      {next && shown && (
        <p className="quote-next">
          {t('topup.next', {
            more: i18n.money(roublesOf(next.missingKopecks)),
            price: i18n.money(next.offer.price_per_minute_rub),
          })}{' '}
          <button type="button" className="text-button" onClick={() => props.onChoose(next.offer.min_amount_rub)}>
            {t('topup.make_it', { amount: i18n.money(next.offer.min_amount_rub) })}
          </button>
        </p>
      )}
    </div>
  );
}

function QuoteWords({ quote, owed }: { readonly quote: Quote; readonly owed: number }) {
  const i18n = useI18n();
  const { t } = i18n;
  const discount = quote.package?.discount_percent ?? 0;
  const kept = Math.max(0, quote.minutes - owed);
  return (
    <>
      <p className="quote-minutes">
        {t('topup.you_get')}{' '}
        <strong data-testid="quote-minutes" data-minutes={quote.minutes}>
          {t('minutes.count', { minutes: quote.minutes, count: quote.minutes })}
        </strong>
      </p>
      <p className="quote-price">
        {t('topup.per_minute', { price: i18n.money(quote.price_per_minute_rub) })}
        {discount > 0 && <> · {t('topup.cheaper', { percent: discount })}</>}
      </p>
      {owed > 0 && (
        <p className="quote-price">
          {t('topup.owed', { owed: Math.min(owed, quote.minutes), kept: Math.round(kept * 100) / 100, count: kept })}
        </p>
      )}
    </>
  );
}
