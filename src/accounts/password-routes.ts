import { z } from 'zod';
import { defineRoute, type Route } from '../platform/http/route.ts';
import { emailSchema } from './email.ts';
import { readableLanguage } from './language.ts';
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from './password-policy.ts';
import type { PasswordResets } from './password-reset.ts';

const forgotten = z.strictObject({ email: emailSchema });

const link = z.strictObject({ token: z.string().min(1).max(200).describe('As in the link of the letter') });
const LINK_REFUSALS = ['reset_token_invalid', 'reset_token_expired', 'reset_token_used', 'account_blocked'] as const;

const renewal = link.extend({
  // Far above what the policy allows, which refuses with a code of its own.
  password: z
    .string()
    .min(1)
    .max(1000)
    .describe(`${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters, not a common password`),
});

export function passwordRoutes(resets: PasswordResets): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/auth/password/forgot',
      summary: 'Ask for a letter with a link to a new password',
      description:
        'The answer is the same for every address, whether it has an account or not. The link works once, for an hour; ' +
        'a newer one makes it void.',
      tag: 'accounts',
      access: 'public',
      body: forgotten,
      answer: z.strictObject({}),
      status: 202,
      errors: ['too_many_password_requests'],
      async handle({ body, languages, ip }) {
        const language = readableLanguage(languages);
        await resets.ask({ email: body.email, ip, ...(language !== undefined && { language }) });
        return {};
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/password/reset/check',
      summary: 'Ask whether the link of the letter is still good',
      description: 'Uses nothing up: for a page that would rather say so before a password is typed.',
      tag: 'accounts',
      access: 'public',
      body: link,
      answer: z.null(),
      status: 204,
      errors: LINK_REFUSALS,
      async handle({ body }) {
        await resets.check(body.token);
        return null;
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/password/reset',
      summary: 'Choose a new password with the token of the letter’s link',
      description: 'Ends every token, session and call of the account, on every device; signs nobody in.',
      tag: 'accounts',
      access: 'public',
      body: renewal,
      answer: z.null(),
      status: 204,
      errors: [...LINK_REFUSALS, 'password_too_short', 'password_too_long', 'password_too_common', 'sign_in_busy'],
      async handle({ body, languages, ip }) {
        const language = readableLanguage(languages);
        await resets.reset({ ...body, ip, ...(language !== undefined && { language }) });
        return null;
      },
    }),
  ];
}
