import type AdminJS from 'adminjs';
import type { Request, RequestHandler } from 'express';
import { AppError } from '../../platform/errors.ts';
import { TableResource } from '../resource/table-resource.ts';
import type { Visitor } from '../roles.ts';

/** Actions that read: AdminJS asks them by GET, search and list also with a page of a filter. */
const READING: ReadonlySet<string> = new Set(['list', 'show', 'search']);
const PAGING: ReadonlySet<string> = new Set(['page', 'perPage']);

export interface Gate {
  readonly admin: AdminJS;
  readonly visitor: (request: Request) => Visitor;
}

/**
 * Stands before AdminJS's API, which answers 200 to whatever it refuses and 500 to whatever it does not understand: who may not,
 * gets 403, what does not exist, 404, what makes no sense, 400. A GET reads; whatever changes something is a POST.
 */
export function gate({ admin, visitor }: Gate): RequestHandler {
  return (request, _response, next) => {
    const asked = parsePath(request.path);
    if (asked === undefined) return next();
    const { resourceId, actionName, recordId } = asked;
    const resource = admin.resources.find((candidate) => candidate.id() === resourceId);
    if (!(resource instanceof TableResource)) throw notFound('resource_not_found', 'There is no such resource.');
    const actions = resource.decorate().actions;
    const action = Object.hasOwn(actions, actionName) ? actions[actionName] : undefined;
    if (!action) throw notFound('action_not_found', 'There is no such action.');
    if (!action.isAccessible(visitor(request))) {
      throw new AppError({ code: 'role_not_allowed', kind: 'forbidden', message: 'Your role does not allow this.' });
    }
    const type = recordId === undefined ? 'resource' : 'record';
    if (!action[type === 'record' ? 'isRecordType' : 'isResourceType']()) {
      throw notFound('action_not_found', 'There is no such action here.');
    }
    if (recordId !== undefined && !resource.isId(recordId))
      throw notFound('record_not_found', 'There is no such record.');
    refuseWrongMethod(request.method, actionName);
    if (READING.has(actionName)) checkQuery(resource, request.query);
    next();
  };
}

/**
 * Behind the form's reader: the record is the one in the address. AdminJS would take an id that a form carries for the
 * record's own, and write to that one.
 */
export function dropIds(admin: AdminJS): RequestHandler {
  return (request, _response, next) => {
    const asked = parsePath(request.path);
    const resource = admin.resources.find((candidate) => candidate.id() === asked?.resourceId);
    if (resource instanceof TableResource && 'fields' in request && request.fields) {
      const { idName } = resource;
      const fields = Object.entries(request.fields).filter(
        ([name]) => name !== idName && !name.startsWith(`${idName}.`),
      );
      Object.assign(request, { fields: Object.fromEntries(fields) });
    }
    next();
  };
}

interface Asked {
  readonly resourceId: string;
  readonly actionName: string;
  readonly recordId?: string;
}

/** @throws AppError for an address of the API that is none of AdminJS's */
function parsePath(address: string): Asked | undefined {
  if (!/^\/api\/resources(\/|$)/.test(address)) return undefined;
  const [resourceId, kind, ...rest] = address.split('/').slice(3).map(decode);
  const [first, second, ...more] = rest;
  if (resourceId !== undefined && more.length === 0) {
    if (kind === 'actions' && first !== undefined && (second === undefined || first === 'search')) {
      return { resourceId, actionName: first };
    }
    if (kind === 'records' && first !== undefined && second !== undefined) {
      return { resourceId, recordId: first, actionName: second };
    }
  }
  throw notFound('route_not_found', 'There is nothing at this address.');
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function refuseWrongMethod(method: string, actionName: string): void {
  const reads = method === 'GET' || method === 'HEAD';
  if (READING.has(actionName) && reads) return;
  // `edit` and our own actions are forms: a GET answers the record that they are about, and changes nothing.
  if (!READING.has(actionName) && !(actionName === 'new' && reads)) return;
  throw new AppError({ code: 'method_not_allowed', kind: 'invalid', message: 'This action takes another method.' });
}

function checkQuery(resource: TableResource, query: Readonly<Record<string, unknown>>): void {
  const filters: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(query)) {
    if (typeof value !== 'string') throw invalid(key, 'must stand once');
    if (key.startsWith('filters.')) collectFilter(filters, key.slice('filters.'.length), value);
    else if (key.startsWith('filters')) throw invalid(key, 'is no filter');
    else if (PAGING.has(key) && value !== '' && !/^\d{1,7}$/.test(value)) throw invalid(key, 'must be a whole number');
    else if (key === 'direction' && value !== 'asc' && value !== 'desc') throw invalid(key, 'must be asc or desc');
    else if (key === 'sortBy' && resource.property(value)?.isSortable() !== true)
      throw invalid(key, 'cannot be sorted by');
    else if (key === 'searchProperty' && value !== resource.definition.title) throw invalid(key, 'cannot be searched');
  }
  resource.conditions(filters);
}

/** `created_at~~from=…` and `created_at~~to=…` are one filter. */
function collectFilter(filters: Record<string, unknown>, name: string, value: string): void {
  const [column = '', bound, ...more] = name.split('~~');
  if (more.length > 0 || !/^[a-z][a-z0-9_]*$/.test(column)) throw invalid(`filters.${name}`, 'is no filter');
  if (bound === undefined) filters[column] = value;
  else filters[column] = { ...(filters[column] as object | undefined), [bound]: value };
}

function notFound(code: string, message: string): AppError {
  return new AppError({ code, kind: 'not_found', message });
}

function invalid(key: string, problem: string): AppError {
  const field = key.slice(0, 60);
  return new AppError({
    code: 'query_invalid',
    kind: 'invalid',
    message: `The address is wrong: ${field} ${problem}.`,
    details: { errors: [{ field, message: problem }] },
  });
}
