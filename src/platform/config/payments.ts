import { z } from 'zod';
import { count, missing, webAddress, type Basics, type Problem, type Values } from './values.ts';

export const paymentVariables = {
  PAYMENT_PROVIDER: z.enum(['sandbox', 'yookassa'], 'must be sandbox or yookassa').optional(),
  YOOKASSA_SHOP_ID: z
    .string()
    .regex(/^\d{1,32}$/, 'must be the number of the shop')
    .optional(),
  YOOKASSA_SECRET_KEY: z.string().optional(),
  YOOKASSA_API_URL: webAddress.default('https://api.yookassa.ru/v3'),
  YOOKASSA_VAT_CODE: count(1, 12).optional(),
  YOOKASSA_TAX_SYSTEM_CODE: count(1, 6).optional(),
  YOOKASSA_PAYMENT_MODE: z
    .enum(['full_prepayment', 'full_payment'], 'must be full_prepayment or full_payment')
    .default('full_prepayment'),
};

type Variables = Values<typeof paymentVariables>;

export function paymentProblems(v: Variables, { production }: Basics): Problem[] {
  if (v.PAYMENT_PROVIDER === 'yookassa') {
    return [
      ...missing(v, ['YOOKASSA_SHOP_ID', 'YOOKASSA_SECRET_KEY'], 'when PAYMENT_PROVIDER is yookassa'),
      ...(v.YOOKASSA_TAX_SYSTEM_CODE === undefined
        ? []
        : missing(v, ['YOOKASSA_VAT_CODE'], 'when YOOKASSA_TAX_SYSTEM_CODE is: without it no receipts are sent')),
    ];
  }
  if (v.PAYMENT_PROVIDER === 'sandbox' && production) {
    return [{ variable: 'PAYMENT_PROVIDER', problem: 'must not be sandbox in production: it takes no money' }];
  }
  return [];
}

export function arrangePayments(v: Variables, { production }: Basics) {
  return {
    payments: {
      /** Without a value: in production none, elsewhere the sandbox. */
      provider: v.PAYMENT_PROVIDER ?? (production ? undefined : ('sandbox' as const)),
      yookassa: {
        shopId: v.YOOKASSA_SHOP_ID,
        secretKey: v.YOOKASSA_SECRET_KEY,
        apiUrl: v.YOOKASSA_API_URL,
        /** Without a value no fiscal receipts are sent. */
        receipts:
          v.YOOKASSA_VAT_CODE === undefined
            ? undefined
            : {
                vatCode: v.YOOKASSA_VAT_CODE,
                taxSystemCode: v.YOOKASSA_TAX_SYSTEM_CODE,
                paymentMode: v.YOOKASSA_PAYMENT_MODE,
              },
      },
    },
  };
}
