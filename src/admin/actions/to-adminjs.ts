import { ValidationError, type Action, type RecordActionResponse } from 'adminjs';
import { z } from 'zod';
import { AppError, toAppError } from '../../platform/errors.ts';
import { only, visitorOf } from '../roles.ts';
import type { Row } from '../resource/row.ts';
import { toValidationError } from '../resource/service-errors.ts';
import type { PanelAction } from './action.ts';

const FORM_KEY = z.string().regex(/^[\x21-\x7e]{8,100}$/);

/** An action as AdminJS offers it: a form of our own, which posts itself with a key of its own. */
export function toAdminAction(action: PanelAction): Partial<Action<RecordActionResponse>> {
  const mayUse = only(action.roles);
  const possible = (record: { readonly params: Row } | undefined): boolean =>
    record === undefined || action.possible === undefined || action.possible(record.params);
  return {
    actionType: 'record',
    icon: action.icon,
    component: 'ActionForm',
    showInDrawer: false,
    variant: action.danger ? 'danger' : 'default',
    custom: { fields: action.fields, danger: action.danger ?? false },
    isAccessible: (context) => mayUse(context),
    isVisible: ({ record, currentAdmin }) => mayUse({ currentAdmin }) && possible(record),
    async handler(request, _response, context) {
      const { record, currentAdmin } = context;
      const by = visitorOf(currentAdmin);
      if (!record || !by) throw new AppError({ code: 'record_not_found', kind: 'not_found', message: 'No record.' });
      const shown = record.toJSON(currentAdmin);
      if (request.method !== 'post') return { record: shown };
      try {
        const { idempotency_key: key, ...given } = request.payload ?? {};
        const idempotencyKey = FORM_KEY.safeParse(key);
        if (!idempotencyKey.success) throw new ValidationError({ [firstField(action)]: invalid('formKeyMissing') });
        const input = parseInput(action, given);
        const message = await action.run({
          by,
          id: record.id(),
          record: record.params,
          input,
          idempotencyKey: idempotencyKey.data,
        });
        const fresh = await context.resource.findOne(record.id(), context);
        return { record: (fresh ?? record).toJSON(currentAdmin), notice: { message, type: 'success' } };
      } catch (thrown) {
        const names = { first: firstField(action), all: action.fields.map(({ name }) => name) };
        const error = toValidationError(thrown instanceof AppError ? thrown : asDatabaseError(thrown), names);
        if (!(error instanceof ValidationError)) throw thrown;
        return {
          record: { ...shown, errors: error.propertyErrors, baseError: error.baseError },
          notice: { message: Object.values(error.propertyErrors)[0]?.message ?? 'actionRefused', type: 'error' },
        };
      }
    },
  };
}

function parseInput(action: PanelAction, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const known = Object.fromEntries(
    action.fields.flatMap(({ name, type }) => {
      const value = given[name];
      if (type === 'flag') return [[name, value === true || value === 'true']];
      return value === undefined || value === null || value === '' ? [] : [[name, value]];
    }),
  );
  const parsed = action.input.safeParse(known);
  if (parsed.success) return parsed.data;
  throw new ValidationError(
    Object.fromEntries(
      parsed.error.issues.map(({ path, code }) => [
        String(path[0] ?? firstField(action)),
        invalid(code === 'invalid_type' && known[String(path[0])] === undefined ? 'fieldRequired' : 'fieldInvalid'),
      ]),
    ),
  );
}

function invalid(message: string): { type: string; message: string } {
  return { type: message, message };
}

/** AdminJS takes an error without a field for success: an action without fields has one that is not shown. */
function firstField(action: PanelAction): string {
  return action.fields[0]?.name ?? 'action';
}

function asDatabaseError(thrown: unknown): unknown {
  const error = toAppError(thrown);
  return error.code === 'internal' ? thrown : error;
}
