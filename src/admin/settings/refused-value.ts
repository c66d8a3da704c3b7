import type { ZodError, ZodType } from 'zod';
import { AppError } from '../../platform/errors.ts';
import type { Setting } from '../../platform/settings.ts';

/** What is wrong with a value, for the page to say in its language. */
export interface ValueProblem {
  /** Where in the value: `stt.yandex`; empty for the value itself. */
  readonly field: string;
  /** In English. */
  readonly message: string;
  readonly rule: ValueRule;
  /** The bound that was missed. */
  readonly bound?: number;
  /** The setting whose value the bound is. */
  readonly other?: Pick<Setting<ZodType>, 'key' | 'description'>;
}

export type ValueRule =
  | 'number'
  | 'whole'
  | 'least'
  | 'most'
  | 'choice'
  | 'time'
  | 'time_zone'
  | 'too_long'
  | 'at_least'
  | 'at_most'
  | 'above'
  | 'below'
  | 'other';

/** `setting_invalid`, with every problem at once. */
export function refusedValue(key: string, problems: readonly ValueProblem[]): AppError {
  return new AppError({
    code: 'setting_invalid',
    kind: 'invalid',
    message: `The setting ${key} cannot have this value.`,
    details: { errors: problems },
  });
}

export function problemsOf(error: ZodError): ValueProblem[] {
  return error.issues.map(toProblem);
}

type Issue = ZodError['issues'][number];

function toProblem(issue: Issue): ValueProblem {
  return { field: issue.path.join('.'), message: issue.message, ...ruleOf(issue) };
}

function ruleOf(issue: Issue): Pick<ValueProblem, 'rule' | 'bound'> {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'int') return { rule: 'whole' };
      return { rule: issue.expected === 'number' ? 'number' : 'other' };
    case 'too_small':
      return { rule: 'least', bound: Number(issue.minimum) };
    case 'too_big':
      return { rule: issue.origin === 'string' ? 'too_long' : 'most', bound: Number(issue.maximum) };
    case 'invalid_value':
      return { rule: 'choice' };
    case 'invalid_format':
      // The only texts of a form of their own are times of the day.
      return { rule: issue.format === 'regex' ? 'time' : 'other' };
    case 'custom':
      return { rule: issue.message.includes('time zone') ? 'time_zone' : 'other' };
    default:
      return { rule: 'other' };
  }
}
