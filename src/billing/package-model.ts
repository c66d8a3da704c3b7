import { Model, snakeCaseMappers } from 'objection';
import { kopecksOf } from './money.ts';
import type { PricedPackage } from './pricing.ts';

/** A discount for deposits from a minimum on. */
export class BillingPackage extends Model {
  static override readonly tableName = 'billing_packages';
  static override readonly columnNameMappers = snakeCaseMappers();

  declare readonly id: string;
  declare name: string;
  /** In Russian; null: the same. */
  declare nameRu: string | null;
  declare minAmountKopecks: number;
  declare discountBasisPoints: number;
  declare isActive: boolean;
  declare readonly createdAt: Date;
  declare updatedAt: Date;
}

export function toPriced({ id, name, nameRu, minAmountKopecks, discountBasisPoints }: BillingPackage): PricedPackage {
  return { id, name, nameRu, minAmount: kopecksOf(minAmountKopecks), discountBasisPoints };
}
