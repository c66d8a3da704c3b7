import { readModel } from '../models/read-model.ts';
import type { TableDefinition } from '../resource/definition.ts';
import { WITH_PERSONS } from '../roles.ts';

export function usersTable(): TableDefinition {
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
      minutes_balance: { type: 'decimal', sql: 'profile.minutes_balance' },
      minutes_held: { type: 'decimal', sql: 'profile.minutes_held' },
      confirmed_at: { type: 'time', filter: 'range' },
      blocked: { type: 'flag', sql: '(t.blocked_at IS NOT NULL)' },
      blocked_at: { type: 'time' },
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
      'created_at',
    ],
    filter: ['id', 'email', 'name', 'role', 'language', 'level', 'blocked', 'confirmed_at', 'created_at'],
    readers: WITH_PERSONS,
  };
}
