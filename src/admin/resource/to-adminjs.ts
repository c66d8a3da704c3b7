import type { ListActionResponse, ResourceOptions } from 'adminjs';
import { toAdminAction } from '../actions/to-adminjs.ts';
import { only } from '../roles.ts';
import { DEEPEST_ROW, VERSION } from './table-resource.ts';
import type { TableDefinition } from './definition.ts';

/** A table as AdminJS offers it: what is not allowed by a list is off. */
export function toResourceOptions(definition: TableDefinition): ResourceOptions {
  const { readers, edit, create, actions = [], components = {} } = definition;
  const off = { isAccessible: false, isVisible: false };
  const read = { isAccessible: only(readers) };
  const where = (name: string): Record<string, boolean> => ({
    list: definition.list.includes(name),
    show: definition.show.includes(name),
    filter: definition.filter.includes(name),
    edit: Boolean(edit?.fields.includes(name) || create?.fields.includes(name)),
  });
  return {
    id: definition.id,
    // The names of sections are keys: the locale has the words.
    navigation: { name: definition.section, icon: definition.icon },
    sort: { ...definition.sort },
    listProperties: [...definition.list],
    showProperties: [...definition.show],
    filterProperties: [...definition.filter],
    editProperties: [...new Set([...(create?.fields ?? []), ...(edit?.fields ?? [])])],
    properties: Object.fromEntries([
      ...Object.entries(definition.columns).map(([name, { unit }]) => [
        name,
        { isVisible: where(name), ...(unit !== undefined && { custom: { unit } }) },
      ]),
      [VERSION, { isVisible: false }],
    ]),
    actions: {
      list: { ...read, ...(components.list !== undefined && { component: components.list }), after: [withDepth] },
      show: { ...read, ...(components.show !== undefined && { component: components.show }) },
      search: read,
      new: create ? { isAccessible: only(create.roles), isVisible: only(create.roles) } : off,
      edit: edit ? { isAccessible: only(edit.roles), isVisible: only(edit.roles) } : off,
      delete: off,
      bulkDelete: off,
      ...Object.fromEntries(actions.map((action) => [action.name, toAdminAction(action)])),
    },
  };
}

/** Says when the list goes on beyond what is counted. */
function withDepth(response: ListActionResponse): ListActionResponse {
  const { total } = response.meta;
  return total < DEEPEST_ROW
    ? response
    : { ...response, meta: { ...response.meta, capped: true } as typeof response.meta };
}
