import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http.ts';
import { CHECKS, CONCERNS, readAttention, type AttentionOptions } from './attention.ts';

const attentionAnswer = z
  .object({
    concerns: z
      .array(
        z.object({
          code: z.enum(CONCERNS),
          severity: z.enum(['error', 'warning']),
          count: z.int(),
          parts: z.array(z.object({ name: z.string(), count: z.int() })).describe('Of what it is made up'),
        }),
      )
      .describe('The worst first; empty when all is well'),
    unchecked: z.array(z.enum(CHECKS)).describe('What could not be asked'),
  })
  .meta({ id: 'Attention' });

/** What somebody should look at, in one answer. */
export function attentionRoutes(options: AttentionOptions): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/admin/attention',
      summary: 'What needs attention: books, payments, erasures, jobs, engines, media, figures',
      description: 'Engines and lost calls: of the last 24 hours. Names no person.',
      tag: 'staff',
      access: ['admin', 'support', 'analyst'],
      answer: attentionAnswer,
      async handle() {
        const { concerns, unchecked } = await readAttention(options);
        return {
          concerns: concerns.map((concern) => Object.assign({}, concern, { parts: [...concern.parts] })),
          unchecked: [...unchecked],
        };
      },
    }),
  ];
}
