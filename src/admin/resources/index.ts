import type { TableDefinition } from '../resource/definition.ts';
import { usersTable } from './users.ts';

/** Every table of the panel, in the order of its menu. */
export function panelTables(): TableDefinition[] {
  return [usersTable()];
}
