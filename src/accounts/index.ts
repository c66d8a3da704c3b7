/** The accounts room's face. */
export type { Credentials, ProfileChange, Registration, SignedIn } from './account-service.ts';
export { createAccounts, type Accounts, type AccountsOptions } from './accounts.ts';
export type { FirstAdmin } from './admin.ts';
export { DELETION_REASONS, type DeletionReason } from './deletion.ts';
export type { AttemptLimitsConfig, Limit } from './attempt-limits.ts';
export type { CallPass, CallTokens } from './authentication.ts';
export type { StaffMember, StaffPass, StaffRole } from './staff.ts';
export { eraseDeleted } from './erasure.ts';
export { answerPasswordRequests } from './password-requests.ts';
export { emailSchema } from './email.ts';
export type { User } from './users.ts';
