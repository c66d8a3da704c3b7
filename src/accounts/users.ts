import type { Knex } from 'knex';
import type { Role } from '../platform/http/route.ts';
import { userNotFound } from './account-errors.ts';
import type { ProfileLanguage, ProfileLevel } from './user-models.ts';

/** A user as they see themselves. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly name: string;
  readonly language: ProfileLanguage;
  readonly level: ProfileLevel;
  readonly createdAt: Date;
  /** Whether the e-mail address was confirmed. */
  readonly confirmed: boolean;
  /** Decimal text with two places, as PostgreSQL computed it. */
  readonly minutesBalance: string;
  readonly minutesHeld: string;
  readonly minutesAvailable: string;
}

interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly name: string;
  readonly language: ProfileLanguage;
  readonly level: ProfileLevel;
  readonly created_at: Date;
  readonly confirmed_at: Date | null;
  readonly minutes_balance: string;
  readonly minutes_held: string;
  readonly minutes_available: string;
}

/** @throws AppError `user_not_found` */
export async function readUser(knex: Knex, userId: string): Promise<User> {
  const row: UserRow | undefined = await knex('user_accounts as account')
    .join('user_profiles as profile', 'profile.user_account_id', 'account.id')
    .where('account.id', userId)
    .first(
      'account.id',
      'account.email',
      'account.role',
      'account.created_at',
      'account.confirmed_at',
      'profile.name',
      'profile.language',
      'profile.level',
      'profile.minutes_balance',
      'profile.minutes_held',
      knex.raw('profile.minutes_balance - profile.minutes_held as minutes_available'),
    );
  if (!row) throw userNotFound();
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    name: row.name,
    language: row.language,
    level: row.level,
    createdAt: row.created_at,
    confirmed: row.confirmed_at !== null,
    minutesBalance: row.minutes_balance,
    minutesHeld: row.minutes_held,
    minutesAvailable: row.minutes_available,
  };
}
