import { createHash, randomBytes } from 'node:crypto';

/** What the link of a letter carries: 256 random bits in base64url. It stands in the letter alone. */
export function newLinkToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of it: whoever reads the table cannot use it. Of 256 random bits no slow hash is needed. */
export function hashLinkToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
