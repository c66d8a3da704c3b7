import type { StaffRole } from '../accounts/index.ts';

/**
 * Who is at the panel in one request. Only what `toJSON` gives is printed in a page, and none of it is free text that a
 * person typed.
 */
export class Visitor {
  readonly id: string;
  readonly role: StaffRole;
  /** AdminJS shows whoever has one; letters, digits and `.@+-_` only. */
  readonly email: string;
  /** From where they ask, for the audit log. */
  readonly ip: string;

  constructor(staff: { readonly id: string; readonly email: string; readonly role: StaffRole }, ip: string) {
    this.id = staff.id;
    this.role = staff.role;
    this.email = staff.email.replaceAll(/[^\p{L}\p{N}.@+_-]/gu, '');
    this.ip = ip;
  }

  toJSON(): Readonly<Record<string, string>> {
    return { id: this.id, role: this.role, email: this.email };
  }
}

export const EVERYBODY: readonly StaffRole[] = ['admin', 'support', 'analyst'];
/** Those who may see whose something is. */
export const WITH_PERSONS: readonly StaffRole[] = ['admin', 'support'];
export const ADMINS: readonly StaffRole[] = ['admin'];

export function visitorOf(currentAdmin: unknown): Visitor | undefined {
  return currentAdmin instanceof Visitor ? currentAdmin : undefined;
}

/** Answers an `isAccessible` of AdminJS. */
export function only(roles: readonly StaffRole[]): (context: { readonly currentAdmin?: unknown }) => boolean {
  return ({ currentAdmin }) => {
    const visitor = visitorOf(currentAdmin);
    return visitor !== undefined && roles.includes(visitor.role);
  };
}
