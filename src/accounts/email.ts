import { z } from 'zod';

/** Letter case and spaces around do not make another address. At most 254 characters: RFC 5321, 4.5.3.1.3. */
export const emailSchema = z.string().trim().toLowerCase().max(254).regex(z.regexes.email, 'must be an e-mail address');

/** Of a new account. Deleted ones are kept under addresses of `.invalid`, where nobody has any (RFC 2606, section 2). */
export const newEmailSchema = emailSchema.refine((email) => !email.endsWith('.invalid'), 'must receive letters');
