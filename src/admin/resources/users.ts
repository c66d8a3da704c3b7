import { z } from 'zod';
import { userActions } from '../actions/user-actions.ts';
import { AppError } from '../../platform/errors.ts';
import { readModel } from '../models/read-model.ts';
import type { Change, TableDefinition } from '../resource/definition.ts';
import { ADMINS, WITH_PERSONS } from '../roles.ts';
import { orderOf, type PanelServices } from '../services.ts';

export function usersTable({ accounts, billing }: Pick<PanelServices, 'accounts' | 'billing'>): TableDefinition {
  return {
    id: 'users',
    section: 'people',
    icon: 'Users',
    model: readModel('user_accounts'),
    from: (query) => query.joinRaw('JOIN user_profiles profile ON profile.user_account_id = t.id'),
    columns: {
      id: { type: 'uuid' },
      email: { type: 'text', filter: 'contains', sortBy: 'lower(t.email)' },
      name: { type: 'text', sql: 'profile.name', filter: 'contains' },
      role: { type: 'choice', choices: ['student', 'support', 'analyst', 'admin'], required: true },
      language: { type: 'choice', sql: 'profile.language', choices: ['en', 'ru'], required: true },
      level: {
        type: 'choice',
        sql: 'profile.level',
        choices: ['beginner', 'intermediate', 'advanced'],
        required: true,
      },
      minutes_balance: { type: 'decimal', unit: 'minutes', sql: 'profile.minutes_balance' },
      minutes_held: { type: 'decimal', unit: 'minutes', sql: 'profile.minutes_held' },
      confirmed_at: { type: 'time', filter: 'range' },
      blocked: { type: 'flag', sql: '(t.blocked_at IS NOT NULL)' },
      blocked_at: { type: 'time' },
      deleted: { type: 'flag', sql: '(t.deleted_at IS NOT NULL)' },
      deleted_at: { type: 'time' },
      created_at: { type: 'time', sortBy: 't.id', filter: 'range' },
    },
    title: 'email',
    sort: { sortBy: 'created_at', direction: 'desc' },
    list: ['email', 'name', 'role', 'minutes_balance', 'blocked', 'created_at'],
    show: [
      'id',
      'email',
      'name',
      'role',
      'language',
      'level',
      'minutes_balance',
      'minutes_held',
      'confirmed_at',
      'blocked',
      'blocked_at',
      'deleted',
      'deleted_at',
      'created_at',
    ],
    filter: ['id', 'email', 'name', 'role', 'language', 'level', 'blocked', 'deleted', 'confirmed_at', 'created_at'],
    readers: WITH_PERSONS,
    edit: {
      roles: ADMINS,
      fields: ['name', 'role', 'language', 'level'],
      save: ({ id, by, change, refuseIfChanged }) =>
        accounts.changeByStaff(id, asAccountChange(change), orderOf(by), refuseIfChanged),
    },
    actions: userActions({ accounts, billing }),
    errorFields: { own_account: 'role', last_admin: 'role' },
  };
}

const accountChange = z.object({
  name: z.string().max(80).optional(),
  role: z.enum(['student', 'support', 'analyst', 'admin']).optional(),
  language: z.enum(['en', 'ru']).optional(),
  level: z.enum(['beginner', 'intermediate', 'advanced']).optional(),
});

function asAccountChange(change: Change): z.output<typeof accountChange> {
  const parsed = accountChange.safeParse(change);
  if (parsed.success) return parsed.data;
  throw new AppError({ code: 'fieldInvalid', kind: 'invalid', message: 'A field cannot have this value.' });
}
