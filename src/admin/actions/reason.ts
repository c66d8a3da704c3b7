import { z } from 'zod';
import type { ActionField } from './action.ts';

export { staffReason as reason } from '../../platform/http/line.ts';

/** Why something is done, for the audit log. */
export const reasonField: ActionField = { name: 'reason', type: 'long', required: true };

/** At most two decimals, with a point or a comma; answers it with a point. */
export const decimalText = z
  .string()
  .trim()
  .regex(/^\d{1,9}([.,]\d{1,2})?$/)
  .transform((text) => text.replace(',', '.'));
