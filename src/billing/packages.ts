import type { Knex } from 'knex';
import { UniqueViolationError, type PartialModelObject } from 'objection';
import { writeAudit } from '../platform/audit.ts';
import { AppError } from '../platform/errors.ts';
import { readDepositLimits, readTariff } from './billing-settings.ts';
import { minutesToJson } from './minutes.ts';
import { roublesToJson, type Kopecks } from './money.ts';
import { BillingPackage, toPriced } from './package-model.ts';
import { findContradiction, minutesFor, quote, type PricedPackage, type Quote } from './pricing.ts';
import type { Tariff } from './tariff.ts';

export interface PackageFields {
  readonly name: string;
  /** In Russian; null: the same. */
  readonly nameRu: string | null;
  readonly minAmount: Kopecks;
  readonly discountBasisPoints: number;
  readonly isActive: boolean;
}

/** Who changes a package, for the audit log. */
export interface Author {
  readonly actorId: string;
  readonly ip: string;
}

/** What applies to payments now, the lowest minimum first. */
export async function readActivePackages(knex: Knex): Promise<PricedPackage[]> {
  const active = await BillingPackage.query(knex).where('is_active', true).orderBy('min_amount_kopecks');
  return active.map(toPriced);
}

/** Those of the past too. */
export async function readAllPackages(knex: Knex): Promise<BillingPackage[]> {
  return BillingPackage.query(knex).orderBy(['min_amount_kopecks', 'id']);
}

/** What everything costs at one moment. Kept with a payment, so that later changes never price it. */
export interface PriceList {
  readonly tariff: Tariff;
  readonly packages: readonly PricedPackage[];
}

export async function readPriceList(knex: Knex): Promise<PriceList> {
  return { tariff: await readTariff(knex), packages: await readActivePackages(knex) };
}

/**
 * What a deposit of this amount would buy now.
 * @throws AppError `amount_too_small`, `amount_too_large`, which tell the limits
 */
export async function quoteDeposit(
  knex: Knex,
  amount: Kopecks,
): Promise<{ readonly quote: Quote; readonly prices: PriceList }> {
  const { least, largest } = await readDepositLimits(knex);
  if (amount < least || amount > largest) {
    throw new AppError({
      code: amount < least ? 'amount_too_small' : 'amount_too_large',
      kind: 'invalid',
      message: `A deposit is ${roublesToJson(least)} to ${roublesToJson(largest)} roubles.`,
      details: { min_amount_rub: roublesToJson(least), max_amount_rub: roublesToJson(largest) },
    });
  }
  const prices = await readPriceList(knex);
  return { quote: quote(amount, prices.tariff, prices.packages), prices };
}

/** @throws AppError `package_minimum_taken`, `package_not_monotonic` */
export function createPackage(knex: Knex, fields: PackageFields, author: Author): Promise<BillingPackage> {
  return save(knex, 'billing_package.create', author, async (transaction) =>
    BillingPackage.query(transaction).insert(toRow(fields)).returning('*'),
  );
}

/**
 * What is left out stays.
 * @param refuseIfChanged asked under the packages' lock, before anything is written
 * @throws AppError `package_not_found`, `package_minimum_taken`, `package_not_monotonic`
 */
export function updatePackage(
  knex: Knex,
  id: string,
  change: Partial<PackageFields>,
  author: Author,
  refuseIfChanged?: (transaction: Knex.Transaction) => Promise<void>,
): Promise<BillingPackage> {
  return save(knex, 'billing_package.update', author, async (transaction, remember) => {
    remember(await BillingPackage.query(transaction).findById(id).forNoKeyUpdate());
    await refuseIfChanged?.(transaction);
    const saved = await BillingPackage.query(transaction)
      .findById(id)
      .patch({ ...toRow(change), updatedAt: new Date() })
      .returning('*')
      .first();
    if (saved) return saved;
    throw new AppError({ code: 'package_not_found', kind: 'not_found', message: 'There is no such package.' });
  });
}

async function save(
  knex: Knex,
  action: string,
  author: Author,
  write: (
    transaction: Knex.Transaction,
    remember: (before: BillingPackage | undefined) => void,
  ) => Promise<BillingPackage>,
): Promise<BillingPackage> {
  try {
    return await knex.transaction(async (transaction) => {
      // Two packages that are each fine, saved at the same time, may contradict each other.
      await transaction.raw(`SELECT pg_advisory_xact_lock(hashtextextended('ailingva.billing_packages', 0))`);
      let before: BillingPackage | undefined;
      const saved = await write(transaction, (found) => (before = found));
      await refuseContradiction(transaction);
      await writeAudit(transaction, {
        actorId: author.actorId,
        action,
        subject: { type: 'billing_package', id: saved.id },
        details: { ...(before && { before: describe(before) }), after: describe(saved) },
        ip: author.ip,
      });
      return saved;
    });
  } catch (error) {
    if (error instanceof UniqueViolationError && error.constraint === 'billing_packages_one_minimum') {
      throw minimumTaken(error);
    }
    throw error;
  }
}

function describe(saved: BillingPackage): Readonly<Record<string, unknown>> {
  return {
    name: saved.name,
    name_ru: saved.nameRu,
    min_amount_kopecks: saved.minAmountKopecks,
    discount_basis_points: saved.discountBasisPoints,
    is_active: saved.isActive,
  };
}

async function refuseContradiction(transaction: Knex.Transaction): Promise<void> {
  const { tariff, packages } = await readPriceList(transaction);
  const found = findContradiction(packages);
  if (!found) return;
  const [smaller, larger] = [found.smaller, found.larger].map(({ amount, package: applied }) => ({
    amount_rub: roublesToJson(amount),
    minutes: minutesToJson(minutesFor(amount, tariff, applied.discountBasisPoints)),
    package: applied.name,
  }));
  throw new AppError({
    code: 'package_not_monotonic',
    kind: 'conflict',
    message:
      `Paying ${roublesToJson(found.larger.amount)} roubles (${found.larger.package.name}) would buy fewer minutes than ` +
      `paying ${roublesToJson(found.smaller.amount)} (${found.smaller.package.name}).`,
    details: { smaller, larger },
  });
}

function minimumTaken(cause: unknown): AppError {
  return new AppError({
    code: 'package_minimum_taken',
    kind: 'conflict',
    message: 'There is an active package with this minimum already.',
    cause,
  });
}

function toRow(fields: Partial<PackageFields>): PartialModelObject<BillingPackage> {
  const { name, nameRu, minAmount, discountBasisPoints, isActive } = fields;
  return {
    ...(name !== undefined && { name }),
    ...(nameRu !== undefined && { nameRu }),
    ...(minAmount !== undefined && { minAmountKopecks: minAmount }),
    ...(discountBasisPoints !== undefined && { discountBasisPoints }),
    ...(isActive !== undefined && { isActive }),
  };
}
