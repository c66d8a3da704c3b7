import type { Knex } from 'knex';
import { raw } from 'objection';
import { writeAudit } from '../platform/audit.ts';
import { AppError } from '../platform/errors.ts';
import type { Role } from '../platform/http/route.ts';
import { lockAccount } from './account-lock.ts';
import type { EndCalls } from './end-calls.ts';
import { UserAccount, UserProfile, type ProfileLanguage, type ProfileLevel } from './user-models.ts';

/** Who of the staff does it, from where. */
export interface StaffOrder {
  readonly actorId: string;
  readonly ip: string;
}

export interface AccountChange {
  readonly name?: string | undefined;
  readonly language?: ProfileLanguage | undefined;
  readonly level?: ProfileLevel | undefined;
  readonly role?: Role | undefined;
}

interface Blocking {
  readonly userId: string;
  readonly reason: string;
  readonly order: StaffOrder;
  readonly endCalls: EndCalls;
}

/**
 * Ends every token, session and call, and lets no new one be made. Blocking what is blocked changes nothing.
 * @throws AppError `user_not_found`, `own_account`, `last_admin`
 */
export function blockAccount(knex: Knex, { userId, reason, order, endCalls }: Blocking): Promise<void> {
  return knex.transaction(async (transaction) => {
    const account = await lockAccount(transaction, userId);
    if (account.blockedAt) return;
    if (userId === order.actorId) throw ownAccount();
    if (account.role === 'admin') await refuseLastAdmin(transaction, userId);
    await UserAccount.query(transaction)
      .findById(userId)
      .patch({ blockedAt: raw('clock_timestamp()'), tokenVersion: raw('token_version + 1') });
    await endCalls(transaction, userId, 'blocked');
    await audit(transaction, order, 'user.block', userId, {
      reason,
      before: { blocked: false },
      after: { blocked: true },
    });
  });
}

/** @throws AppError `user_not_found`, `account_deleted`. Unblocking what is not blocked changes nothing. */
export function unblockAccount(knex: Knex, { userId, reason, order }: Omit<Blocking, 'endCalls'>): Promise<void> {
  return knex.transaction(async (transaction) => {
    const account = await lockAccount(transaction, userId);
    if (account.deletedAt) throw accountDeleted();
    if (!account.blockedAt) return;
    await UserAccount.query(transaction).findById(userId).patch({ blockedAt: null });
    await audit(transaction, order, 'user.unblock', userId, {
      reason,
      before: { blocked: true },
      after: { blocked: false },
    });
  });
}

/**
 * Changes what staff may change of somebody; what is left out stays.
 * @param refuseIfChanged asked under the account's lock, before anything is written
 * @throws AppError `user_not_found`, `account_deleted`; `own_account` for one's own role; `last_admin`
 */
export function changeAccount(
  knex: Knex,
  userId: string,
  change: AccountChange,
  order: StaffOrder,
  refuseIfChanged?: (transaction: Knex.Transaction) => Promise<void>,
): Promise<void> {
  return knex.transaction(async (transaction) => {
    const account = await lockAccount(transaction, userId);
    if (account.deletedAt) throw accountDeleted();
    await refuseIfChanged?.(transaction);
    const profile = await UserProfile.query(transaction).findById(userId);
    const before = { name: profile?.name, language: profile?.language, level: profile?.level, role: account.role };
    const after = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const { role, ...ofProfile } = after as AccountChange;
    if (role !== undefined && role !== account.role) {
      if (userId === order.actorId) throw ownAccount();
      if (account.role === 'admin') await refuseLastAdmin(transaction, userId);
      await UserAccount.query(transaction).findById(userId).patch({ role });
    }
    if (Object.keys(ofProfile).length > 0) {
      await UserProfile.query(transaction)
        .findById(userId)
        .patch(ofProfile as Partial<Pick<UserProfile, 'name' | 'language' | 'level'>>);
    }
    const changed = Object.keys(after) as (keyof typeof before)[];
    if (changed.length === 0) return;
    await audit(transaction, order, 'user.update', userId, {
      before: impersonal(Object.fromEntries(changed.map((name) => [name, before[name]]))),
      after: impersonal(after),
    });
  });
}

/** The log outlives the account: that a name was changed stands in it, not from what to what. */
function impersonal(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return 'name' in values ? { ...values, name: values['name'] === '' ? '' : '…' } : values;
}

/** Two administrators who take each other's role at once wait for one another here. */
export async function refuseLastAdmin(transaction: Knex.Transaction, userId: string): Promise<void> {
  await transaction.raw(`SELECT pg_advisory_xact_lock(hashtextextended('ailingva.first_admin', 0))`);
  const other = await UserAccount.query(transaction)
    .where('role', 'admin')
    .whereNull('blocked_at')
    .whereNot('id', userId)
    .first();
  if (other) return;
  throw new AppError({ code: 'last_admin', kind: 'conflict', message: 'This is the last administrator.' });
}

function audit(
  transaction: Knex.Transaction,
  order: StaffOrder,
  action: string,
  userId: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  return writeAudit(transaction, { ...order, action, subject: { type: 'user', id: userId }, details });
}

function accountDeleted(): AppError {
  return new AppError({ code: 'account_deleted', kind: 'conflict', message: 'This account was deleted.' });
}

export function ownAccount(): AppError {
  return new AppError({
    code: 'own_account',
    kind: 'conflict',
    message: 'Nobody blocks or deletes themselves as staff, or changes their own role: ask another administrator.',
  });
}
