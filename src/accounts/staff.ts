import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import type { Role } from '../platform/http/route.ts';
import { UserAccount } from './user-models.ts';

export type StaffRole = Exclude<Role, 'student'>;

/** What a signed-in member of staff is known by until they sign out: kept in a session, never shown. */
export interface StaffPass {
  readonly userId: string;
  /** The account's version when they signed in: a block or a logout everywhere raises it, which voids the pass. */
  readonly tokenVersion: number;
}

export interface StaffMember {
  readonly id: string;
  readonly email: string;
  readonly role: StaffRole;
}

export function staffRole(role: Role): StaffRole | undefined {
  return role === 'student' ? undefined : role;
}

/** Who holds the pass, in the role of this moment; `undefined` when it is void or they are staff no more. */
export async function readStaff(knex: Knex, pass: StaffPass): Promise<StaffMember | undefined> {
  const account = await UserAccount.query(knex).findById(pass.userId);
  if (!account || account.blockedAt || account.tokenVersion !== pass.tokenVersion) return undefined;
  const role = staffRole(account.role);
  return role && { id: account.id, email: account.email, role };
}

export function notStaff(): AppError {
  return new AppError({
    code: 'not_staff',
    kind: 'forbidden',
    message: 'This account is not a member of staff.',
  });
}
