import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import type { Authenticator, Principal, Role } from '../platform/http.ts';
import { insertLearner } from './stored-learners.ts';

/** Signs people in by name alone, for tests of rooms that know no accounts. */
export interface Badges {
  readonly authenticator: Authenticator;
  /** The token under which a stored user is known in this role. */
  readonly tokenOf: (userId: string, role?: Role) => string;
  /** Stores a member of staff. */
  readonly hire: (role: Role) => Promise<{ readonly userId: string; readonly token: string }>;
}

export function handOutBadges(knex: Knex): Badges {
  const people = new Map<string, Principal>();
  const tokenOf = (userId: string, role: Role = 'student'): string => {
    const token = `${role}-${userId}`;
    people.set(`Bearer ${token}`, { userId, role, tokenVersion: 1 });
    return token;
  };
  return {
    authenticator: {
      async authenticate(header) {
        const principal = people.get(header ?? '');
        if (principal) return principal;
        throw new AppError({ code: 'token_invalid', kind: 'unauthenticated', message: 'Sign in.' });
      },
    },
    tokenOf,
    async hire(role) {
      const userId = await insertLearner(knex);
      return { userId, token: tokenOf(userId, role) };
    },
  };
}
