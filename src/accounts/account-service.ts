import type { Knex } from 'knex';
import type { Authenticator } from '../platform/http/route.ts';
import type { FirstAdmin } from './admin.ts';
import type { CallTokens } from './authentication.ts';
import type { DeletionReason } from './deletion.ts';
import type { AccountChange, StaffOrder } from './staff-changes.ts';
import type { StaffMember, StaffPass } from './staff.ts';
import type { ProfileLanguage, ProfileLevel } from './user-models.ts';
import type { User } from './users.ts';

export interface OwnDeletion {
  readonly userId: string;
  readonly password: string;
  /** The balance as the user was shown it, and agrees to lose it; decimal minutes. */
  readonly minutesGivenUp: number;
  readonly ip: string;
}

export interface Registration {
  /** Normalised, as `emailSchema` gives it. */
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly language: ProfileLanguage;
  /** For letters, where it is known. */
  readonly interfaceLanguage?: ProfileLanguage;
  /** As it was typed. */
  readonly referralCode?: string;
  readonly ip: string;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly ip: string;
}

export interface ProfileChange {
  readonly name?: string | undefined;
  readonly language?: ProfileLanguage | undefined;
  readonly level?: ProfileLevel | undefined;
}

export interface SignedIn {
  readonly user: User;
  readonly token: string;
}

/** Each member can be handed on by itself: none needs `this`. */
export interface AccountService {
  /** @throws AppError `email_taken`, `too_many_registrations`, and what `checkPassword` and `onRegistered` throw */
  readonly register: (registration: Registration) => Promise<SignedIn>;
  /** @throws AppError `credentials_invalid`, `account_blocked`, `too_many_logins`, `sign_in_busy` */
  readonly login: (credentials: Credentials) => Promise<SignedIn>;
  /**
   * For the back office, under the same limits on attempts; no token is made.
   * @throws AppError what `login` throws, and `not_staff`
   */
  readonly signInStaff: (credentials: Credentials) => Promise<StaffPass>;
  /** Who holds the pass now; `undefined` when it is void. */
  readonly readStaff: (pass: StaffPass) => Promise<StaffMember | undefined>;
  /** Ends every token and call of the user, on every device. */
  readonly logoutEverywhere: (userId: string) => Promise<void>;
  /** Ends them too, and lets no new one be made. See `blockAccount`. @throws AppError `user_not_found`, `own_account`, `last_admin` */
  readonly blockByStaff: (userId: string, reason: string, order: StaffOrder) => Promise<void>;
  readonly unblockByStaff: (userId: string, reason: string, order: StaffOrder) => Promise<void>;
  /** Changes profile and role. See `changeAccount`. */
  readonly changeByStaff: (
    userId: string,
    change: AccountChange,
    order: StaffOrder,
    refuseIfChanged?: (transaction: Knex.Transaction) => Promise<void>,
  ) => Promise<void>;
  /**
   * The user deletes their own account. See `deleteAccount` of `deletion.ts`.
   * @throws AppError `password_wrong`, `too_many_logins`, `balance_not_given_up`, `last_admin`
   */
  readonly deleteOwn: (deletion: OwnDeletion) => Promise<void>;
  /** A member of staff deletes somebody's. @throws AppError `user_not_found`, `own_account`, `last_admin` */
  readonly deleteAccount: (deletion: {
    readonly userId: string;
    readonly by: StaffOrder & { readonly reason: DeletionReason };
  }) => Promise<void>;
  readonly me: (userId: string) => Promise<User>;
  readonly changeProfile: (userId: string, change: ProfileChange) => Promise<User>;
  /** Makes an administrator when there is none; `undefined` when there is one. */
  readonly ensureAdmin: (admin: {
    readonly email?: string;
    readonly password?: string;
  }) => Promise<FirstAdmin | undefined>;
  readonly authenticator: Authenticator;
  readonly callTokens: CallTokens;
}
