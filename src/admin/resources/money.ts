import { ledgerActions, paymentActions, referralActions } from '../actions/money-actions.ts';
import { readModel } from '../models/read-model.ts';
import type { Change, TableDefinition } from '../resource/definition.ts';
import { ADMINS, EVERYBODY, WITH_PERSONS } from '../roles.ts';
import { orderOf, type PanelServices } from '../services.ts';

const LEDGER_TYPES = [
  'deposit',
  'trial',
  'gift',
  'usage',
  'referral_reward',
  'referral_welcome',
  'reversal',
  'adjustment',
] as const;
const PAYMENT_STATUSES = [
  'created',
  'pending',
  'succeeded',
  'partially_refunded',
  'refunded',
  'canceled',
  'expired',
  'failed',
  'mismatch',
] as const;

export function packagesTable({ billing }: Pick<PanelServices, 'billing'>): TableDefinition {
  const fields = ['name', 'name_ru', 'min_amount_rub', 'discount_percent', 'is_active'];
  return {
    id: 'packages',
    section: 'money',
    icon: 'Package',
    model: readModel('billing_packages'),
    columns: {
      id: { type: 'uuid' },
      name: { type: 'text', required: true, filter: 'contains', sortBy: 'lower(t.name)' },
      name_ru: { type: 'text' },
      min_amount_rub: {
        type: 'decimal',
        sql: '(t.min_amount_kopecks / 100.0)::numeric(12, 2)',
        sortBy: 't.min_amount_kopecks',
        required: true,
      },
      discount_percent: {
        type: 'decimal',
        sql: '(t.discount_basis_points / 100.0)::numeric(5, 2)',
        sortBy: 't.discount_basis_points',
        required: true,
      },
      is_active: { type: 'flag', sortBy: 't.is_active' },
      created_at: { type: 'time', sortBy: 't.created_at' },
      updated_at: { type: 'time', sortBy: 't.updated_at' },
    },
    title: 'name',
    sort: { sortBy: 'min_amount_rub', direction: 'asc' },
    list: ['name', 'name_ru', 'min_amount_rub', 'discount_percent', 'is_active', 'updated_at'],
    show: ['id', 'name', 'name_ru', 'min_amount_rub', 'discount_percent', 'is_active', 'created_at', 'updated_at'],
    filter: ['name', 'is_active'],
    readers: EVERYBODY,
    create: {
      roles: ADMINS,
      fields,
      save: ({ by, change }) =>
        // A box that was not ticked is not sent.
        billing.createPackage({ ...toPackage(change), isActive: change['is_active'] === true }, orderOf(by)),
    },
    edit: {
      roles: ADMINS,
      fields,
      save: ({ id, by, change, refuseIfChanged }) =>
        billing.updatePackage(id, toPackage(change), orderOf(by), refuseIfChanged),
    },
    errorFields: { package_minimum_taken: 'min_amount_rub', package_not_monotonic: 'discount_percent' },
  };
}

function toPackage(change: Change): Parameters<PanelServices['billing']['createPackage']>[0] {
  const text = (name: string): string | undefined =>
    change[name] === undefined || change[name] === null ? undefined : String(change[name]);
  return {
    name: text('name'),
    // Emptied, it is called the same in both languages.
    nameRu: change['name_ru'] === null ? '' : text('name_ru'),
    minAmountRub: text('min_amount_rub'),
    discountPercent: text('discount_percent'),
    isActive: typeof change['is_active'] === 'boolean' ? change['is_active'] : undefined,
  };
}

export function referralsTable({ billing }: Pick<PanelServices, 'billing'>): TableDefinition {
  return {
    id: 'referrals',
    section: 'people',
    icon: 'UserPlus',
    model: readModel('referrals'),
    columns: {
      id: { type: 'uuid' },
      referrer_id: { type: 'reference', of: 'users' },
      referred_id: { type: 'reference', of: 'users' },
      status: { type: 'choice', choices: ['pending', 'rewarded', 'blocked'] },
      minutes: { type: 'decimal', unit: 'minutes' },
      reward_withheld: { type: 'choice', choices: ['daily_cap', 'account_blocked'] },
      rewarded_at: { type: 'time' },
      block_reason: { type: 'text' },
      blocked_by: { type: 'reference', of: 'users' },
      blocked_at: { type: 'time' },
      created_at: { type: 'time', sortBy: 't.id', filter: 'range' },
    },
    title: 'id',
    sort: { sortBy: 'created_at', direction: 'desc' },
    list: ['referrer_id', 'referred_id', 'status', 'minutes', 'created_at'],
    show: [
      'id',
      'referrer_id',
      'referred_id',
      'status',
      'minutes',
      'reward_withheld',
      'rewarded_at',
      'block_reason',
      'blocked_by',
      'blocked_at',
      'created_at',
    ],
    filter: ['referrer_id', 'referred_id', 'status', 'created_at'],
    readers: WITH_PERSONS,
    actions: referralActions({ billing }),
  };
}

export function paymentsTable({ payments }: Pick<PanelServices, 'payments'>): TableDefinition {
  return {
    id: 'payments',
    section: 'money',
    icon: 'CreditCard',
    model: readModel('payments'),
    columns: {
      id: { type: 'uuid' },
      user_account_id: { type: 'reference', of: 'users' },
      status: { type: 'choice', choices: PAYMENT_STATUSES },
      amount_rub: { type: 'decimal', unit: 'roubles', sql: '(t.amount_kopecks / 100.0)::numeric(12, 2)' },
      captured_rub: { type: 'decimal', unit: 'roubles', sql: '(t.captured_kopecks / 100.0)::numeric(12, 2)' },
      credited_minutes: { type: 'decimal', unit: 'minutes' },
      given_back_rub: {
        type: 'decimal',
        unit: 'roubles',
        sql: '((t.refunded_kopecks + t.charged_back_kopecks) / 100.0)::numeric(12, 2)',
      },
      reversed_minutes: { type: 'decimal', unit: 'minutes' },
      provider: { type: 'text' },
      provider_payment_id: { type: 'text', filter: 'exact' },
      reason: { type: 'text' },
      created_at: { type: 'time', sortBy: 't.id', filter: 'range' },
      paid_at: { type: 'time' },
      closed_at: { type: 'time' },
    },
    title: 'id',
    sort: { sortBy: 'created_at', direction: 'desc' },
    list: ['user_account_id', 'amount_rub', 'status', 'credited_minutes', 'provider', 'created_at'],
    show: [
      'id',
      'user_account_id',
      'status',
      'amount_rub',
      'captured_rub',
      'credited_minutes',
      'given_back_rub',
      'reversed_minutes',
      'provider',
      'provider_payment_id',
      'reason',
      'created_at',
      'paid_at',
      'closed_at',
    ],
    filter: ['id', 'user_account_id', 'status', 'provider_payment_id', 'created_at'],
    readers: WITH_PERSONS,
    actions: paymentActions({ payments }),
  };
}

export function ledgerTable({ billing }: Pick<PanelServices, 'billing'>): TableDefinition {
  return {
    id: 'ledger',
    section: 'money',
    icon: 'BookOpen',
    model: readModel('wallet_transactions'),
    columns: {
      id: { type: 'uuid' },
      user_account_id: { type: 'reference', of: 'users' },
      sequence: { type: 'integer' },
      type: { type: 'choice', choices: LEDGER_TYPES },
      minutes_delta: { type: 'decimal', unit: 'minutes' },
      balance_after: { type: 'decimal', unit: 'minutes' },
      reason: { type: 'text' },
      actor_id: { type: 'reference', of: 'users' },
      reverses_id: { type: 'reference', of: 'ledger' },
      created_at: { type: 'time', sortBy: 't.id', filter: 'range' },
    },
    title: 'id',
    sort: { sortBy: 'created_at', direction: 'desc' },
    list: ['user_account_id', 'type', 'minutes_delta', 'balance_after', 'reason', 'created_at'],
    show: [
      'id',
      'user_account_id',
      'sequence',
      'type',
      'minutes_delta',
      'balance_after',
      'reason',
      'actor_id',
      'reverses_id',
      'created_at',
    ],
    filter: ['id', 'user_account_id', 'type', 'created_at'],
    readers: WITH_PERSONS,
    actions: ledgerActions({ billing }),
  };
}

export function usageTable(): TableDefinition {
  return {
    id: 'usage',
    section: 'money',
    icon: 'Clock',
    model: readModel('usage_sessions'),
    columns: {
      id: { type: 'uuid' },
      user_account_id: { type: 'reference', of: 'users' },
      call_id: { type: 'reference', of: 'calls' },
      duration_sec: { type: 'integer', unit: 'seconds' },
      billed_minutes: { type: 'integer', unit: 'minutes' },
      billed_amount_rub: { type: 'decimal', unit: 'roubles' },
      price_per_minute: {
        type: 'decimal',
        unit: 'roubles',
        sql: `((t.tariff_snapshot ->> 'rate_kopecks_per_minute')::numeric / 100)`,
      },
      created_at: { type: 'time', sortBy: 't.created_at', filter: 'range' },
    },
    title: 'id',
    sort: { sortBy: 'created_at', direction: 'desc' },
    list: ['user_account_id', 'call_id', 'duration_sec', 'billed_minutes', 'billed_amount_rub', 'created_at'],
    show: [
      'id',
      'user_account_id',
      'call_id',
      'duration_sec',
      'billed_minutes',
      'billed_amount_rub',
      'price_per_minute',
      'created_at',
    ],
    filter: ['user_account_id', 'call_id', 'created_at'],
    readers: WITH_PERSONS,
  };
}
