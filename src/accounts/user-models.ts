import { Model, snakeCaseMappers } from 'objection';
import type { Role } from '../platform/http/route.ts';

export type ProfileLanguage = 'en' | 'ru';
export type ProfileLevel = 'beginner' | 'intermediate' | 'advanced';

/** Who signs in. Properties are camelCase; conditions of a query name columns as they are. */
export class UserAccount extends Model {
  static override readonly tableName = 'user_accounts';
  static override readonly columnNameMappers = snakeCaseMappers();

  declare readonly id: string;
  /** Normalised by `email.ts`. */
  declare email: string;
  declare passwordHash: string;
  declare role: Role;
  /** Tokens made under an earlier version are void. */
  declare tokenVersion: number;
  declare blockedAt: Date | null;
  /** The row stays for the books; it is blocked, and names nobody. */
  declare deletedAt: Date | null;
  declare confirmedAt: Date | null;
  declare readonly createdAt: Date;
}

/** What the learner says of themselves. The wallet in the same row is written by billing alone. */
export class UserProfile extends Model {
  static override readonly tableName = 'user_profiles';
  static override readonly idColumn = 'user_account_id';
  static override readonly columnNameMappers = snakeCaseMappers();

  declare readonly userAccountId: string;
  declare name: string;
  /** The one that is learned. */
  declare language: ProfileLanguage;
  /** The one that letters are written in, where it is known. */
  declare interfaceLanguage: ProfileLanguage | null;
  declare level: ProfileLevel;
}
