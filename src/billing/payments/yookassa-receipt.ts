import { formatHundredths } from '../hundredths.ts';
import { payerUnknown, type Money } from './provider.ts';

/**
 * What a shop under 54-FZ writes on its fiscal receipts; of no use to others.
 * https://yookassa.ru/developers/payment-acceptance/receipts/basics, …/54fz/parameters-values
 */
export interface ReceiptTerms {
  /** 1 to 12; 1: without VAT. */
  readonly vatCode: number;
  /** 1 to 6; only where the shop has several, or its register asks for it. */
  readonly taxSystemCode: number | undefined;
  /** Minutes are paid for before they are talked. */
  readonly paymentMode: 'full_prepayment' | 'full_payment';
}

/** At most 128 characters: what the payer reads on the receipt, which is in Russian by law. */
const ITEM = 'Минуты разговора с репетитором AIlingva';

/**
 * The `receipt` of a payment, or of a part of one that is given back: one item, of the whole amount.
 * @throws AppError `payer_unknown`
 */
export function toReceipt(terms: ReceiptTerms, amount: Money, email: string | undefined): unknown {
  if (email === undefined) throw payerUnknown();
  return {
    customer: { email },
    items: [
      {
        description: ITEM,
        quantity: 1,
        measure: 'piece',
        amount: { value: formatHundredths(amount.hundredths), currency: amount.currency },
        vat_code: terms.vatCode,
        payment_subject: 'service',
        payment_mode: terms.paymentMode,
      },
    ],
    ...(terms.taxSystemCode !== undefined && { tax_system_code: terms.taxSystemCode }),
  };
}
