import { useId } from 'react';
import { roublesOf } from '../../billing/amount.ts';
import { savedKopecks } from '../../billing/offers.ts';
import { useI18n } from '../../i18n/i18n.ts';
import type { Locale } from '../../i18n/i18n.ts';
import type { Package } from '../../api/types.ts';

/** Radio buttons that look like cards. A card puts its amount into the field; an amount typed there chooses its card. */
export function PackageCards(props: {
  readonly packages: readonly Package[];
  readonly chosenId: string | undefined;
  readonly onChoose: (offer: Package) => void;
}) {
  const { t } = useI18n();
  const name = useId();
  return (
    <fieldset className="offers">
      <legend className="section-title">{t('topup.packages')}</legend>
      <div className="offers-grid">
        {props.packages.map((offer) => (
          <label key={offer.id} className="offer">
            <input
              type="radio"
              name={name}
              checked={offer.id === props.chosenId}
              onChange={() => props.onChoose(offer)}
              // A card that is chosen already, by a larger amount, changes nothing by itself when it is pressed.
              onClick={() => props.onChoose(offer)}
            />
            <OfferWords offer={offer} />
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function OfferWords({ offer }: { readonly offer: Package }) {
  const i18n = useI18n();
  const { t } = i18n;
  // Never more than is credited.
  const minutes = Math.floor(offer.minutes_at_minimum);
  const saved = Math.floor(roublesOf(savedKopecks(offer)));
  return (
    <span className="offer-body">
      <span className="offer-name">{nameIn(i18n.locale, offer)}</span>
      {offer.discount_percent > 0 && (
        <span className="offer-badge">{t('topup.discount', { percent: offer.discount_percent })}</span>
      )}
      <span className="offer-minutes">
        <b>{i18n.number(minutes)}</b> {t('minutes.unit', { count: minutes })}
      </span>
      <span className="offer-price">{i18n.money(offer.min_amount_rub)}</span>
      <span className="offer-note">
        {t('topup.per_minute', { price: i18n.money(offer.price_per_minute_rub) })}
        {saved > 0 && <span className="offer-saved">{t('topup.saved', { amount: i18n.money(saved) })}</span>}
      </span>
    </span>
  );
}

function nameIn(locale: Locale, { name, name_ru: nameRu }: Package): string {
  return locale === 'ru' && nameRu !== null ? nameRu : name;
}
