import type { Knex } from 'knex';
import { raw } from 'objection';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Route } from '../platform/http/route.ts';
import type { Logger } from '../platform/log.ts';
import { accountBlocked } from './account-errors.ts';
import type { AccountService, Credentials, SignedIn } from './account-service.ts';
import { ensureAdmin } from './admin.ts';
import { AttemptLimits, DEFAULT_LIMITS, type AttemptLimitsConfig, type LoginAttempt } from './attempt-limits.ts';
import { createAuthenticator, createCallTokens } from './authentication.ts';
import { confirmationRoutes } from './confirmation-routes.ts';
import { createConfirmations, type ConfirmationOptions } from './confirmation.ts';
import { deleteAccount, type Deletion, passwordWrong } from './deletion.ts';
import type { EndCalls } from './end-calls.ts';
import { PasswordHasher, type PasswordHasherOptions } from './password-hasher.ts';
import { checkPassword } from './password-policy.ts';
import { createPasswordResets, type PasswordResetOptions } from './password-reset.ts';
import { passwordRoutes } from './password-routes.ts';
import { insertAccount, type RegistrationOptions } from './registration.ts';
import { accountRoutes } from './routes.ts';
import { blockAccount, changeAccount, unblockAccount } from './staff-changes.ts';
import { accountStaffRoutes } from './staff-routes.ts';
import { notStaff, readStaff, staffRole } from './staff.ts';
import { tokenInvalid, Tokens } from './tokens.ts';
import { UserAccount, UserProfile } from './user-models.ts';
import { readUser } from './users.ts';

export interface AccountsOptions {
  readonly knex: Knex;
  readonly log: Logger;
  readonly clock: Clock;
  /** At least 32 bytes; the same in all processes. */
  readonly tokenSecret: string;
  readonly onRegistered: RegistrationOptions['onRegistered'];
  /** Runs in the transaction that ends every token of an account: a call under way would outlive its token. */
  readonly endCalls?: EndCalls;
  /** How accounts are deleted; without it nobody's is. */
  readonly deletion?: DeletionOptions;
  /** How addresses are confirmed; without it nobody is asked to, as where nobody registers. */
  readonly confirmation?: ConfirmationOptions;
  /** How a forgotten password is replaced; without it nobody's is. */
  readonly passwordReset?: PasswordResetOptions;
  /** What is left out is as usual. */
  readonly limits?: Partial<AttemptLimitsConfig>;
  readonly passwords?: PasswordHasherOptions;
}

export interface DeletionOptions {
  /** Runs in the transaction that deletes an account, while the account still has its address: what else ends with it. */
  readonly onDeleted: (transaction: Knex.Transaction, userId: string) => Promise<void>;
}

export interface Accounts extends AccountService {
  readonly routes: readonly Route[];
}

export function createAccounts(options: AccountsOptions): Accounts {
  const { knex, log, clock, tokenSecret, onRegistered, endCalls = async () => {} } = options;
  const tokens = new Tokens({ secret: tokenSecret, clock });
  const hasher = new PasswordHasher(options.passwords);
  const attempts = new AttemptLimits(knex, { ...DEFAULT_LIMITS, ...options.limits });
  const confirmations =
    options.confirmation && createConfirmations({ knex, clock, log, attempts, ...options.confirmation });
  const resets =
    options.passwordReset &&
    createPasswordResets({ knex, clock, log, attempts, hasher, endCalls, ...options.passwordReset });

  const signIn = async (account: UserAccount): Promise<SignedIn> => ({
    user: await readUser(knex, account.id),
    token: await tokens.issueApi({ userId: account.id, tokenVersion: account.tokenVersion }),
  });

  const remove = async (deletion: Pick<Deletion, 'userId' | 'by'>): Promise<void> => {
    if (!options.deletion) throw new Error('Nobody is deleted by this process');
    const deleted = await deleteAccount(knex, { ...deletion, ...options.deletion, endCalls });
    if (deleted) log.warn({ userId: deletion.userId }, 'An account was deleted');
  };

  const isPassword = async (attempt: LoginAttempt, password: string, hash: string | undefined): Promise<boolean> => {
    try {
      return await hasher.verify(password, hash);
    } catch (error) {
      // Too many sign in at this moment: whoever tries again has not failed yet.
      await attempt.undo();
      throw error;
    }
  };

  const checkCredentials = async ({ email, password, ip }: Credentials): Promise<UserAccount> => {
    const attempt = await attempts.countLogin(ip, email);
    const account = await UserAccount.query(knex).whereRaw('lower(email) = ?', email).whereNull('deleted_at').first();
    const matches = await isPassword(attempt, password, account?.passwordHash);
    if (!account || !matches) throw credentialsInvalid();
    await attempt.giveBack();
    if (account.blockedAt) throw accountBlocked();
    if (hasher.isOutdated(account.passwordHash)) {
      await replaceHash(knex, account, await hasher.hash(password));
    }
    return account;
  };

  const service: AccountService = {
    async register(registration) {
      const { email, password } = registration;
      checkPassword(password, email);
      await attempts.countRegistration(registration.ip);
      const passwordHash = await hasher.hash(password);
      const account = await insertAccount({ knex, onRegistered, confirmations }, registration, passwordHash);
      log.info({ userId: account.id }, 'A learner registered');
      return signIn(account);
    },

    login: async (credentials) => signIn(await checkCredentials(credentials)),

    async signInStaff(credentials) {
      const account = await checkCredentials(credentials);
      if (!staffRole(account.role)) throw notStaff();
      log.info({ userId: account.id }, 'A member of staff signed in');
      return { userId: account.id, tokenVersion: account.tokenVersion };
    },

    readStaff: (pass) => readStaff(knex, pass),

    async logoutEverywhere(userId) {
      await knex.transaction(async (transaction) => {
        await UserAccount.query(transaction)
          .findById(userId)
          .patch({ tokenVersion: raw('token_version + 1') });
        await endCalls(transaction, userId, 'signed_out');
      });
    },

    async blockByStaff(userId, reason, order) {
      await blockAccount(knex, { userId, reason, order, endCalls });
      log.warn({ userId }, 'An account was blocked');
    },

    async unblockByStaff(userId, reason, order) {
      await unblockAccount(knex, { userId, reason, order });
      log.warn({ userId }, 'An account was unblocked');
    },

    changeByStaff: (userId, change, order, refuseIfChanged) =>
      changeAccount(knex, userId, change, order, refuseIfChanged),

    async deleteOwn({ userId, password, minutesGivenUp, ip }) {
      const account = await UserAccount.query(knex).findById(userId).whereNull('deleted_at');
      // A second press, while the first one went through.
      if (!account) return;
      const attempt = await attempts.countLogin(ip, account.email);
      if (!(await isPassword(attempt, password, account.passwordHash))) throw passwordWrong();
      await attempt.giveBack();
      await remove({ userId, by: { kind: 'self', passwordHash: account.passwordHash, minutesGivenUp } });
    },

    deleteAccount: ({ userId, by }) => remove({ userId, by: { kind: 'staff', ...by } }),

    me: (userId) => readUser(knex, userId),

    async changeProfile(userId, change) {
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      if (Object.keys(given).length > 0) await changeOwnProfile(knex, userId, given);
      return readUser(knex, userId);
    },

    ensureAdmin: (admin) => ensureAdmin({ knex, hasher, log }, admin),
    authenticator: createAuthenticator({ knex, tokens }),
    callTokens: createCallTokens({ knex, tokens }),
  };
  const routes = [
    ...accountRoutes(service),
    ...accountStaffRoutes(service),
    ...(confirmations ? confirmationRoutes(confirmations) : []),
    ...(resets ? passwordRoutes(resets) : []),
  ];
  return { ...service, routes };
}

/** Under the account's lock, which a deletion takes first: what it blanked is not written once more. */
async function changeOwnProfile(knex: Knex, userId: string, change: Partial<UserProfile>): Promise<void> {
  await knex.transaction(async (transaction) => {
    const account = await UserAccount.query(transaction).findById(userId).whereNull('deleted_at').forShare();
    if (!account) throw tokenInvalid();
    await UserProfile.query(transaction).findById(userId).patch(change);
  });
}

/** Only over the hash that was checked: a password changed meanwhile stays changed. */
async function replaceHash(knex: Knex, account: UserAccount, passwordHash: string): Promise<void> {
  await UserAccount.query(knex)
    .findById(account.id)
    .where('password_hash', account.passwordHash)
    .patch({ passwordHash });
}

function credentialsInvalid(): AppError {
  return new AppError({
    code: 'credentials_invalid',
    kind: 'unauthenticated',
    message: 'The e-mail address or the password is wrong.',
  });
}
