import { z } from 'zod';
import { defineRoute, type Route } from '../platform/http/route.ts';
import type { Confirmations } from './confirmation.ts';

const confirming = z.strictObject({ token: z.string().min(1).max(200).describe('As in the link of the letter') });

export function confirmationRoutes(confirmations: Confirmations): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/auth/confirm',
      summary: 'Confirm the e-mail address with the token of the letter’s link',
      description: 'Signs nobody in. An invited learner and who invited them get their minutes here.',
      tag: 'accounts',
      access: 'public',
      body: confirming,
      answer: z.null(),
      status: 204,
      errors: [
        'confirmation_token_invalid',
        'confirmation_token_expired',
        'confirmation_token_used',
        'already_confirmed',
        'account_blocked',
      ],
      async handle({ body }) {
        await confirmations.confirm(body.token);
        return null;
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/confirmation',
      summary: 'Send the letter with the link again',
      tag: 'accounts',
      access: 'user',
      answer: z.null(),
      status: 204,
      errors: ['already_confirmed', 'too_many_confirmations'],
      async handle({ principal }) {
        await confirmations.sendAgain(principal.userId);
        return null;
      },
    }),
  ];
}
