import type { Knex } from 'knex';
import { z } from 'zod';
import { line } from '../platform/http/line.ts';
import { defineRoute, type Route } from '../platform/http/route.ts';
import { readTariff } from './billing-settings.ts';
import { hundredthsFromJson, hundredthsToJson } from './hundredths.ts';
import { minutesToJson } from './minutes.ts';
import { roublesToJson } from './money.ts';
import { toPriced, type BillingPackage } from './package-model.ts';
import {
  createPackage,
  quoteDeposit,
  readAllPackages,
  readPriceList,
  updatePackage,
  type PackageFields,
} from './packages.ts';
import { minutesFor, pricePerMinute, type PricedPackage } from './pricing.ts';
import type { Tariff } from './tariff.ts';
import { amountRub, decimal, minutes, roublesFromJson } from './wire.ts';

const discountPercent = z.number().describe('At most two decimals');

const offerAnswer = z
  .object({
    id: z.uuid(),
    name: z.string(),
    name_ru: z.string().nullable().describe('In Russian; null: the same'),
    min_amount_rub: z.number(),
    discount_percent: discountPercent,
  })
  .meta({ id: 'PackageOffer' });

const packageAnswer = offerAnswer
  .extend({
    minutes_at_minimum: minutes,
    price_per_minute_rub: z.number().describe('Rounded to the kopeck'),
  })
  .meta({ id: 'Package' });

const staffPackageAnswer = packageAnswer
  .extend({ is_active: z.boolean(), created_at: z.iso.datetime(), updated_at: z.iso.datetime() })
  .meta({ id: 'StaffPackage' });

const packageName = line(1, 80);
const fields = {
  name: packageName,
  name_ru: packageName.nullable().describe('In Russian; null: the same'),
  min_amount_rub: amountRub.describe('The least deposit that it applies to'),
  discount_percent: decimal(0, 99.99).describe('0 to 99.99, at most two decimals'),
  is_active: z.boolean(),
};
const newPackage = z.strictObject({
  ...fields,
  name_ru: fields.name_ru.default(null),
  is_active: fields.is_active.default(true),
});
const packageChange = z.strictObject(fields).partial();

const quoteAnswer = z.object({
  amount_rub: z.number(),
  package: offerAnswer.nullable().describe('null: no minimum is reached, the base rate applies'),
  minutes,
  price_per_minute_rub: z.number().describe('Rounded to the kopeck'),
});

const READ: readonly ['support', 'analyst', 'admin'] = ['support', 'analyst', 'admin'];
const REFUSALS = ['package_minimum_taken', 'package_not_monotonic'];

export function packageRoutes({ knex }: { readonly knex: Knex }): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/billing/packages',
      summary: 'What a deposit of which size buys, the lowest minimum first',
      tag: 'billing',
      access: 'user',
      answer: z.array(packageAnswer),
      async handle() {
        const { tariff, packages } = await readPriceList(knex);
        return packages.map((offer) => toAnswer(offer, tariff));
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/billing/quote',
      summary: 'What a deposit of this amount would buy now',
      tag: 'billing',
      access: 'user',
      body: z.strictObject({ amount_rub: amountRub }),
      answer: quoteAnswer,
      errors: ['amount_too_small', 'amount_too_large'],
      async handle({ body }) {
        const { quote } = await quoteDeposit(knex, roublesFromJson(body.amount_rub));
        return {
          amount_rub: roublesToJson(quote.amount),
          package: quote.package ? toOffer(quote.package) : null,
          minutes: minutesToJson(quote.minutes),
          price_per_minute_rub: roublesToJson(quote.pricePerMinute),
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/admin/billing/packages',
      summary: 'Every package, those of the past too',
      tag: 'billing staff',
      access: READ,
      answer: z.array(staffPackageAnswer),
      async handle() {
        const [all, tariff] = await Promise.all([readAllPackages(knex), readTariff(knex)]);
        return all.map((saved) => toStaffAnswer(saved, tariff));
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/admin/billing/packages',
      summary: 'Make a package',
      tag: 'billing staff',
      access: ['admin'],
      status: 201,
      body: newPackage,
      answer: staffPackageAnswer,
      errors: REFUSALS,
      async handle({ body, principal, ip }) {
        const wanted = {
          name: body.name,
          nameRu: body.name_ru,
          minAmount: roublesFromJson(body.min_amount_rub),
          discountBasisPoints: hundredthsFromJson(body.discount_percent),
          isActive: body.is_active,
        };
        const saved = await createPackage(knex, wanted, { actorId: principal.userId, ip });
        return toStaffAnswer(saved, await readTariff(knex));
      },
    }),
    defineRoute({
      method: 'put',
      path: '/api/admin/billing/packages/{id}',
      summary: 'Change a package; what is left out stays',
      tag: 'billing staff',
      access: ['admin'],
      params: z.object({ id: z.uuid() }),
      body: packageChange,
      answer: staffPackageAnswer,
      errors: ['package_not_found', ...REFUSALS],
      async handle({ params, body, principal, ip }) {
        const saved = await updatePackage(knex, params.id, toChange(body), { actorId: principal.userId, ip });
        return toStaffAnswer(saved, await readTariff(knex));
      },
    }),
  ];
}

function toChange(body: z.output<typeof packageChange>): Partial<PackageFields> {
  return {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.name_ru !== undefined && { nameRu: body.name_ru }),
    ...(body.min_amount_rub !== undefined && { minAmount: roublesFromJson(body.min_amount_rub) }),
    ...(body.discount_percent !== undefined && { discountBasisPoints: hundredthsFromJson(body.discount_percent) }),
    ...(body.is_active !== undefined && { isActive: body.is_active }),
  };
}

function toOffer({
  id,
  name,
  nameRu = null,
  minAmount,
  discountBasisPoints,
}: PricedPackage): z.output<typeof offerAnswer> {
  return {
    id,
    name,
    name_ru: nameRu,
    min_amount_rub: roublesToJson(minAmount),
    // A basis point is a hundredth of a percent.
    discount_percent: hundredthsToJson(discountBasisPoints),
  };
}

function toAnswer(offer: PricedPackage, tariff: Tariff): z.output<typeof packageAnswer> {
  const { minAmount, discountBasisPoints } = offer;
  return {
    ...toOffer(offer),
    minutes_at_minimum: minutesToJson(minutesFor(minAmount, tariff, discountBasisPoints)),
    price_per_minute_rub: roublesToJson(pricePerMinute(tariff, discountBasisPoints)),
  };
}

function toStaffAnswer(saved: BillingPackage, tariff: Tariff): z.output<typeof staffPackageAnswer> {
  return {
    ...toAnswer(toPriced(saved), tariff),
    is_active: saved.isActive,
    created_at: saved.createdAt.toISOString(),
    updated_at: saved.updatedAt.toISOString(),
  };
}
