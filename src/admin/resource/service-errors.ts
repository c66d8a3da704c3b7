import { ValidationError } from 'adminjs';
import {
  CheckViolationError,
  DataError,
  ForeignKeyViolationError,
  NotNullViolationError,
  UniqueViolationError,
} from 'objection';
import { AppError } from '../../platform/errors.ts';
import { messages } from '../locale/en/messages.ts';

export interface FieldNames {
  /** Where an error belongs that names no field: AdminJS takes one without a field for success. */
  readonly first: string;
  readonly all: readonly string[];
  readonly byCode?: Readonly<Record<string, string>> | undefined;
}

/**
 * What a service or the database refused, as messages at the form's fields. Anything else is thrown on: a fault of ours
 * is not the editor's.
 */
export function toValidationError(thrown: unknown, fields: FieldNames): unknown {
  const at = (name: string | undefined): string =>
    name !== undefined && fields.all.includes(name) ? name : fields.first;
  const problem = (name: string | undefined, message: string): ValidationError =>
    new ValidationError({ [at(name)]: { type: message, message } });

  if (thrown instanceof AppError && thrown.kind !== 'internal' && thrown.kind !== 'unavailable') {
    // The code is translated where it is known; the service's own words otherwise.
    const message = Object.hasOwn(messages, thrown.code) ? thrown.code : thrown.message;
    return new ValidationError(
      { [at(fields.byCode?.[thrown.code])]: { type: thrown.code, message } },
      { type: thrown.code, message },
    );
  }
  if (thrown instanceof UniqueViolationError) return problem(thrown.columns[0], 'fieldTaken');
  if (thrown instanceof NotNullViolationError) return problem(thrown.column, 'fieldRequired');
  if (thrown instanceof ForeignKeyViolationError) return problem(undefined, 'fieldReferenced');
  if (thrown instanceof CheckViolationError) return problem(undefined, 'fieldRefused');
  if (thrown instanceof DataError) return problem(undefined, 'fieldInvalid');
  return thrown;
}
