import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import type { Authenticator } from '../platform/http/route.ts';
import { tokenInvalid, type ApiToken, type Tokens } from './tokens.ts';
import { UserAccount } from './user-models.ts';

interface Dependencies {
  readonly knex: Knex;
  readonly tokens: Tokens;
}

/**
 * Reads `Authorization: Bearer …`. The role and the token's version are the account's of this moment, so a block, a
 * logout everywhere or another role holds from the next request on.
 */
export function createAuthenticator({ knex, tokens }: Dependencies): Authenticator {
  return {
    async authenticate(authorizationHeader) {
      const [, bearer] = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorizationHeader ?? '') ?? [];
      if (bearer === undefined) {
        throw new AppError({ code: 'token_missing', kind: 'unauthenticated', message: 'Sign in first.' });
      }
      const account = await findOwner(knex, await tokens.readApi(bearer));
      return { userId: account.id, role: account.role, tokenVersion: account.tokenVersion };
    },
  };
}

/** Lets one user into the signaling of one call on one node. */
export interface CallTokens {
  /**
   * @param call with the version of the token that asked: signed out meanwhile, it gets no other for the call that it
   *   has just placed
   * @throws AppError `token_invalid` when the account is gone or blocked
   */
  readonly issue: (call: CallPass & { readonly tokenVersion: number }) => Promise<string>;
  /** @throws AppError `token_invalid`, `token_expired` */
  readonly verify: (token: string) => Promise<CallPass>;
}

export interface CallPass {
  readonly callId: string;
  readonly userId: string;
  readonly nodeId: string;
}

export function createCallTokens({ knex, tokens }: Dependencies): CallTokens {
  return {
    async issue({ callId, userId, nodeId, tokenVersion }) {
      const account = await UserAccount.query(knex).findById(userId).whereNull('blocked_at');
      if (!account || account.tokenVersion !== tokenVersion) throw tokenInvalid();
      return tokens.issueCall({ callId, userId, nodeId, tokenVersion: account.tokenVersion });
    },
    async verify(token) {
      const claims = await tokens.readCall(token);
      await findOwner(knex, claims);
      return { callId: claims.callId, userId: claims.userId, nodeId: claims.nodeId };
    },
  };
}

async function findOwner(knex: Knex, { userId, tokenVersion }: ApiToken): Promise<UserAccount> {
  const account = await UserAccount.query(knex).findById(userId);
  if (!account || account.blockedAt || account.tokenVersion !== tokenVersion) throw tokenInvalid();
  return account;
}
