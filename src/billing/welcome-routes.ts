import type { Knex } from 'knex';
import { z } from 'zod';
import { defineRoute, type Route } from '../platform/http/route.ts';
import { readReferralMinutes, readTrialMinutes } from './billing-settings.ts';
import { minutesToJson } from './minutes.ts';
import { minutes } from './wire.ts';

/** What somebody who has no account yet may be promised: settings, so that no page keeps figures of its own. */
export function welcomeRoutes({ knex }: { readonly knex: Knex }): Route[] {
  const welcome = defineRoute({
    method: 'get',
    path: '/api/billing/welcome',
    summary: 'The free minutes that a new learner gets now',
    tag: 'billing',
    access: 'public',
    answer: z.object({
      trial_minutes: minutes.describe('For registering; 0: none'),
      referral_minutes: minutes.describe('To each side, when an invited learner confirms; 0: none'),
    }),
    async handle() {
      const [trial, referral] = await Promise.all([readTrialMinutes(knex), readReferralMinutes(knex)]);
      return { trial_minutes: minutesToJson(trial), referral_minutes: minutesToJson(referral) };
    },
  });
  return [welcome];
}
