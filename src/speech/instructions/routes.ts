import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { defineRoute, type Route } from '../../platform/http/route.ts';
import type { Language, Tutor } from '../engine.ts';
import type { SystemRule, SystemRules } from './system-rules.ts';
import { tryTutor, type TutorTrial } from './try-tutor.ts';

export interface SystemRuleRoutesOptions {
  readonly systemRules: SystemRules;
  /** The tutor that a call in this language would have; closed after its answer. */
  readonly openTutor: (language: Language) => Promise<{ readonly tutor: Tutor; close(): Promise<void> }>;
  readonly clock: Clock;
  /** The addresses of those who changed rules, by id. */
  readonly emailsOf: (userIds: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  /** Throws AppError of kind `too_many` when this person tries the tutor too often. */
  readonly limitTrials: (userId: string) => Promise<void>;
}

const TRIAL_DEADLINE_MS = 25_000;

const language = z.enum(['en', 'ru']);
const level = z.enum(['beginner', 'intermediate', 'advanced']);
const wording = {
  title: z.string().trim().min(1).max(200),
  text: z.string().trim().min(1).max(8_000),
  language: language.nullable().describe('Null: of every language'),
  level: level.nullable().describe('Null: of every level'),
  enabled: z.boolean(),
};
const { enabled: _enabled, ...draftWording } = wording;
const ruleAnswer = z
  .object({
    id: z.uuid(),
    ...wording,
    position: z.int(),
    version: z.int(),
    updated_by: z.uuid().nullable(),
    updated_by_email: z.string().nullable(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'SystemRule' });
const byId = z.object({ id: z.string().max(64) });
const usage = z.object({ input_tokens: z.int(), output_tokens: z.int() });

/** What tutors are told of how to teach, and what they make of it: kept by administrators, read by support too. */
export function systemRuleRoutes(options: SystemRuleRoutesOptions): Route[] {
  const { systemRules, openTutor, clock, emailsOf, limitTrials } = options;
  const common = { tag: 'system rules', access: ['admin'] } as const;
  const readers = { tag: 'system rules', access: ['admin', 'support'] } as const;
  const answersOf = async (rules: readonly SystemRule[]): Promise<z.output<typeof ruleAnswer>[]> => {
    const emails = await emailsOf(idsOf(rules));
    return rules.map((rule) => toAnswer(rule, emails));
  };
  const answerOf = async (rule: SystemRule) => toAnswer(rule, await emailsOf(idsOf([rule])));
  return [
    defineRoute({
      ...readers,
      method: 'get',
      path: '/api/admin/system-rules',
      summary: 'All rules, in their order',
      answer: z.object({ rules: z.array(ruleAnswer) }),
      handle: async () => ({ rules: await answersOf(await systemRules.list()) }),
    }),
    defineRoute({
      ...readers,
      method: 'get',
      path: '/api/admin/system-rules/composed',
      summary: 'What a tutor of this language and level is told now',
      query: z.strictObject({ language, level }),
      answer: z.object({
        text: z.string(),
        tokens: z.int().describe('An estimate'),
        max_tokens: z.int(),
        used: z.array(z.uuid()),
        left_out: z.array(z.uuid()).describe('Rules for which the budget has no room'),
      }),
      async handle({ query }) {
        const { text, tokens, maxTokens, used, leftOut } = await systemRules.compose(query);
        return { text, tokens, max_tokens: maxTokens, used: [...used], left_out: [...leftOut] };
      },
    }),
    defineRoute({
      ...common,
      method: 'post',
      path: '/api/admin/system-rules',
      summary: 'Add a rule at the end',
      body: z.strictObject({
        ...wording,
        language: wording.language.default(null),
        level: wording.level.default(null),
        enabled: wording.enabled.default(true),
      }),
      answer: ruleAnswer,
      status: 201,
      errors: ['rule_invalid'],
      handle: async ({ body, principal, ip }) =>
        answerOf(await systemRules.create(body, { actorId: principal.userId, ip })),
    }),
    defineRoute({
      ...common,
      method: 'put',
      path: '/api/admin/system-rules/order',
      summary: 'Order the rules anew',
      body: z.strictObject({ ids: z.array(z.string().max(64)).max(1_000).describe('All rules, each once') }),
      answer: z.object({ rules: z.array(ruleAnswer) }),
      errors: ['rule_order_incomplete'],
      async handle({ body, principal, ip }) {
        await systemRules.reorder(body.ids, { actorId: principal.userId, ip });
        return { rules: await answersOf(await systemRules.list()) };
      },
    }),
    defineRoute({
      ...common,
      method: 'put',
      path: '/api/admin/system-rules/{id}',
      summary: 'Change a rule',
      description: 'Refused with `rule_changed` when somebody else has changed it since `version`.',
      params: byId,
      body: z.strictObject({ version: z.int().min(1), ...z.object(wording).partial().shape }),
      answer: ruleAnswer,
      errors: ['rule_invalid', 'rule_not_found', 'rule_changed'],
      async handle({ params, body: { version, ...changes }, principal, ip }) {
        const change = { version, changes };
        return answerOf(await systemRules.update(params.id, change, { actorId: principal.userId, ip }));
      },
    }),
    defineRoute({
      ...readers,
      method: 'get',
      path: '/api/admin/system-rules/{id}/versions',
      summary: 'Every wording of a rule, the newest first',
      params: byId,
      answer: z.object({
        versions: z.array(
          z.object({
            ...wording,
            version: z.int(),
            updated_by: z.uuid().nullable(),
            updated_by_email: z.string().nullable(),
            recorded_at: z.iso.datetime(),
          }),
        ),
      }),
      async handle({ params }) {
        const versions = await systemRules.versions(params.id);
        const emails = await emailsOf(idsOf(versions));
        return {
          versions: versions.map(({ updatedBy, recordedAt, ...version }) =>
            Object.assign(version, {
              updated_by: updatedBy,
              updated_by_email: emailOf(updatedBy, emails),
              recorded_at: recordedAt.toISOString(),
            }),
          ),
        };
      },
    }),
    defineRoute({
      ...common,
      method: 'post',
      path: '/api/admin/tutor-trials',
      summary: 'What the tutor answers to one sentence, by the rules or by other instructions',
      description:
        'Asks the tutor that a call in this language would have, as it is configured now; it may cost tokens.',
      body: z.strictObject({
        text: z.string().trim().min(1).max(2_000),
        language,
        level: level.default('beginner'),
        drafts: z
          .array(z.strictObject({ id: z.uuid().nullable(), ...draftWording }))
          .max(5)
          .default([])
          .describe(
            'Wordings that are not saved, instead of those of their rules; without an id: a new rule, the last',
          ),
        instructions: z.string().max(20_000).optional().describe('Instead of the rules that are in force'),
      }),
      answer: z.object({
        answer: z.string(),
        engine: z.string(),
        instructions: z.string(),
        left_out: z.array(z.uuid()).describe('Rules for which the budget has no room'),
        first_token_ms: z.int(),
        total_ms: z.int(),
        usage: usage.nullable(),
      }),
      errors: ['language_unsupported', 'tutor_silent', 'too_many_requests'],
      async handle({ body, principal }) {
        await limitTrials(principal.userId);
        const composed = body.instructions === undefined ? await systemRules.compose(body, body.drafts) : undefined;
        const instructions = composed?.text ?? body.instructions ?? '';
        const opened = await openTutor(body.language);
        try {
          const trial = await inTime((signal) =>
            tryTutor({ tutor: opened.tutor, clock, signal }, { ...body, instructions }),
          );
          return {
            answer: trial.answer,
            engine: trial.engine,
            instructions,
            left_out: [...(composed?.leftOut ?? [])],
            first_token_ms: Math.round(trial.firstTokenMs),
            total_ms: Math.round(trial.totalMs),
            usage: trial.usage
              ? { input_tokens: trial.usage.inputTokens, output_tokens: trial.usage.outputTokens }
              : null,
          };
        } finally {
          await opened.close();
        }
      },
    }),
  ];
}

/** A tutor that does not answer is no fault of ours. */
async function inTime(attempt: (signal: AbortSignal) => Promise<TutorTrial>): Promise<TutorTrial> {
  const signal = AbortSignal.timeout(TRIAL_DEADLINE_MS);
  try {
    return await attempt(signal);
  } catch (cause) {
    if (!signal.aborted) throw cause;
    const message = 'The tutor did not answer in time.';
    throw new AppError({ code: 'tutor_silent', kind: 'unavailable', retryable: true, message, cause });
  }
}

interface Changed {
  readonly updatedBy: string | null;
}

function idsOf(changed: readonly Changed[]): string[] {
  return [...new Set(changed.map(({ updatedBy }) => updatedBy))].filter((id) => id !== null);
}

function emailOf(userId: string | null, emails: ReadonlyMap<string, string>): string | null {
  return userId === null ? null : (emails.get(userId) ?? null);
}

function toAnswer(
  { updatedBy, updatedAt, ...rule }: SystemRule,
  emails: ReadonlyMap<string, string>,
): z.output<typeof ruleAnswer> {
  return {
    ...rule,
    updated_by: updatedBy,
    updated_by_email: emailOf(updatedBy, emails),
    updated_at: updatedAt.toISOString(),
  };
}
