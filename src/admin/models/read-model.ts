import { Model, type ModelClass } from 'objection';

/** A table as the panel reads it. What may be read of it, the resource's columns say. */
export function readModel(tableName: string, idColumn: string | string[] = 'id'): ModelClass<Model> {
  return class extends Model {
    static override readonly tableName = tableName;
    static override readonly idColumn = idColumn;
  };
}
