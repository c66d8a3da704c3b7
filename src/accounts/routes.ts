import { z } from 'zod';
import { line } from '../platform/http/line.ts';
import { defineRoute, type Route } from '../platform/http/route.ts';
import type { AccountService } from './account-service.ts';
import { emailSchema, newEmailSchema } from './email.ts';
import { languageSchema as language, readableLanguage } from './language.ts';
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from './password-policy.ts';
import type { User } from './users.ts';

const name = line(0, 80);
const level = z.enum(['beginner', 'intermediate', 'advanced']);
/** Far above what the policy allows, which refuses with a code of its own. */
const password = z.string().min(1).max(1000);

const registration = z.strictObject({
  email: newEmailSchema,
  password: password.describe(`${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters, not a common password`),
  name: name.default(''),
  language: language.default('en').describe('The language to learn'),
  interface_language: language.optional().describe('For letters; without it, the best that `Accept-Language` asks for'),
  referral_code: z.string().max(64).optional().describe('Of who invited them; case, spaces and hyphens do not matter'),
});

const credentials = z.strictObject({ email: emailSchema, password });

const profile = z.strictObject({ name: name.optional(), language: language.optional(), level: level.optional() });

const deletion = z.strictObject({
  password,
  minutes_given_up: z
    .number()
    .min(0)
    .describe('`minutes_balance` as the user was shown it, and agrees to lose it; where there is more, it is refused'),
});

const userAnswer = z
  .object({
    id: z.uuid(),
    email: z.string(),
    role: z.enum(['student', 'support', 'analyst', 'admin']),
    name: z.string(),
    language,
    level,
    email_confirmed: z.boolean(),
    minutes_balance: z.number(),
    minutes_held: z.number().describe('Set aside for calls under way'),
    minutes_available: z.number(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'User' });

const signedIn = z.object({ user: userAnswer, token: z.string().describe('For `Authorization: Bearer`') });

export function accountRoutes(accounts: AccountService): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/auth/register',
      summary: 'Make an account; it begins with free minutes',
      tag: 'accounts',
      access: 'public',
      body: registration,
      answer: signedIn,
      status: 201,
      errors: [
        'email_taken',
        'referral_code_unknown',
        'password_too_short',
        'password_too_long',
        'password_too_common',
        'too_many_registrations',
        'sign_in_busy',
      ],
      async handle({ body, languages, ip }) {
        const { interface_language: asked, referral_code: referralCode = '', ...given } = body;
        const interfaceLanguage = asked ?? readableLanguage(languages);
        const { user, token } = await accounts.register({
          ...given,
          ip,
          ...(interfaceLanguage !== undefined && { interfaceLanguage }),
          ...(referralCode.trim() !== '' && { referralCode }),
        });
        return { user: toAnswer(user), token };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/login',
      summary: 'Sign in',
      tag: 'accounts',
      access: 'public',
      body: credentials,
      answer: signedIn,
      errors: ['credentials_invalid', 'account_blocked', 'too_many_logins', 'sign_in_busy'],
      async handle({ body, ip }) {
        const { user, token } = await accounts.login({ ...body, ip });
        return { user: toAnswer(user), token };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/logout-everywhere',
      summary: 'End every token and call of this account, this token too',
      tag: 'accounts',
      access: 'user',
      answer: z.null(),
      status: 204,
      async handle({ principal }) {
        await accounts.logoutEverywhere(principal.userId);
        return null;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/me',
      summary: 'The account that is signed in',
      tag: 'accounts',
      access: 'user',
      answer: userAnswer,
      handle: async ({ principal }) => toAnswer(await accounts.me(principal.userId)),
    }),
    defineRoute({
      method: 'put',
      path: '/api/me',
      summary: 'Change name, language or level; what is left out stays',
      tag: 'accounts',
      access: 'user',
      body: profile,
      answer: userAnswer,
      handle: async ({ principal, body }) => toAnswer(await accounts.changeProfile(principal.userId, body)),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/me',
      summary: 'Delete this account, for good',
      description:
        'Tokens are void and calls end at once; name, address, transcripts and recordings are erased within minutes; ' +
        'minutes that are left are lost. Payments and charges stay in the books, without a name.',
      tag: 'accounts',
      access: 'user',
      body: deletion,
      answer: z.null(),
      status: 204,
      errors: ['password_wrong', 'balance_not_given_up', 'last_admin', 'too_many_logins', 'sign_in_busy'],
      async handle({ principal, body, ip }) {
        const { password: given, minutes_given_up: minutesGivenUp } = body;
        await accounts.deleteOwn({ userId: principal.userId, password: given, minutesGivenUp, ip });
        return null;
      },
    }),
  ];
}

function toAnswer(user: User): z.output<typeof userAnswer> {
  return {
    id: user.id,
    email: user.email,
    role: user.role,
    name: user.name,
    language: user.language,
    level: user.level,
    email_confirmed: user.confirmed,
    // Decimal text of two places: the nearest double prints the same again.
    minutes_balance: Number(user.minutesBalance),
    minutes_held: Number(user.minutesHeld),
    minutes_available: Number(user.minutesAvailable),
    created_at: user.createdAt.toISOString(),
  };
}
