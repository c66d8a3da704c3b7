import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { defineRoute, type Route } from '../../platform/http/route.ts';
import type { Language, Tutor } from '../engine.ts';
import type { SystemRule, SystemRules } from './system-rules.ts';
import { tryTutor } from './try-tutor.ts';

export interface SystemRuleRoutesOptions {
  readonly systemRules: SystemRules;
  /** The tutor that a call in this language would have; closed after its answer. */
  readonly openTutor: (language: Language) => Promise<{ readonly tutor: Tutor; close(): Promise<void> }>;
  readonly clock: Clock;
}

const TRIAL_DEADLINE_MS = 30_000;

const language = z.enum(['en', 'ru']);
const level = z.enum(['beginner', 'intermediate', 'advanced']);
const wording = {
  title: z.string().trim().min(1).max(200),
  text: z.string().trim().min(1).max(8_000),
  language: language.nullable().describe('Null: of every language'),
  level: level.nullable().describe('Null: of every level'),
  enabled: z.boolean(),
};
const ruleAnswer = z
  .object({
    id: z.uuid(),
    ...wording,
    position: z.int(),
    version: z.int(),
    updated_by: z.uuid().nullable(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'SystemRule' });
const byId = z.object({ id: z.string().max(64) });
const usage = z.object({ input_tokens: z.int(), output_tokens: z.int() });

/** What tutors are told of how to teach, and what they make of it; for administrators. */
export function systemRuleRoutes({ systemRules, openTutor, clock }: SystemRuleRoutesOptions): Route[] {
  const common = { tag: 'system rules', access: ['admin'] } as const;
  return [
    defineRoute({
      ...common,
      method: 'get',
      path: '/api/admin/system-rules',
      summary: 'All rules, in their order',
      answer: z.object({ rules: z.array(ruleAnswer) }),
      handle: async () => ({ rules: (await systemRules.list()).map(toAnswer) }),
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
      handle: async ({ body, principal }) => toAnswer(await systemRules.create(body, { actorId: principal.userId })),
    }),
    defineRoute({
      ...common,
      method: 'put',
      path: '/api/admin/system-rules/order',
      summary: 'Order the rules anew',
      body: z.strictObject({ ids: z.array(z.string().max(64)).max(1_000).describe('All rules, each once') }),
      answer: z.object({ rules: z.array(ruleAnswer) }),
      errors: ['rule_order_incomplete'],
      async handle({ body, principal }) {
        await systemRules.reorder(body.ids, { actorId: principal.userId });
        return { rules: (await systemRules.list()).map(toAnswer) };
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
      async handle({ params, body: { version, ...changes }, principal }) {
        const change = { version, changes };
        return toAnswer(await systemRules.update(params.id, change, { actorId: principal.userId }));
      },
    }),
    defineRoute({
      ...common,
      method: 'get',
      path: '/api/admin/system-rules/{id}/versions',
      summary: 'Every wording of a rule, the newest first',
      params: byId,
      answer: z.object({
        versions: z.array(
          z.object({ ...wording, version: z.int(), updated_by: z.uuid().nullable(), recorded_at: z.iso.datetime() }),
        ),
      }),
      async handle({ params }) {
        const versions = await systemRules.versions(params.id);
        return {
          versions: versions.map(({ updatedBy, recordedAt, ...version }) =>
            Object.assign(version, { updated_by: updatedBy, recorded_at: recordedAt.toISOString() }),
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
      errors: ['language_unsupported'],
      async handle({ body }) {
        const composed = body.instructions === undefined ? await systemRules.compose(body) : undefined;
        const instructions = composed?.text ?? body.instructions ?? '';
        const opened = await openTutor(body.language);
        try {
          const signal = AbortSignal.timeout(TRIAL_DEADLINE_MS);
          const trial = await tryTutor({ tutor: opened.tutor, clock, signal }, { ...body, instructions });
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

function toAnswer({ updatedBy, updatedAt, ...rule }: SystemRule): z.output<typeof ruleAnswer> {
  return { ...rule, updated_by: updatedBy, updated_at: updatedAt.toISOString() };
}
