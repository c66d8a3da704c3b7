import { callActions, nodeActions } from '../actions/call-actions.ts';
import { readModel } from '../models/read-model.ts';
import type { TableDefinition } from '../resource/definition.ts';
import { EVERYBODY, WITH_PERSONS } from '../roles.ts';
import type { PanelServices } from '../services.ts';

const END_REASONS = [
  'hang_up',
  'lesson_over',
  'no_minutes',
  'idle',
  'connection_lost',
  'never_connected',
  'engine_failed',
  'worker_died',
  'node_lost',
  'node_draining',
  'blocked',
  'signed_out',
  'ended_by_staff',
] as const;

export function callsTable({ desk }: Pick<PanelServices, 'desk'>): TableDefinition {
  return {
    id: 'calls',
    section: 'talks',
    icon: 'Phone',
    model: readModel('calls'),
    columns: {
      id: { type: 'uuid' },
      user_account_id: { type: 'reference', of: 'users' },
      status: { type: 'choice', choices: ['placed', 'live', 'ended', 'finalized'] },
      language: { type: 'choice', choices: ['en', 'ru'] },
      level: { type: 'choice', choices: ['beginner', 'intermediate', 'advanced'] },
      talked_sec: { type: 'integer', unit: 'seconds', sql: '(t.talked_ms / 1000)' },
      end_reason: { type: 'choice', choices: END_REASONS },
      node_id: { type: 'text', filter: 'exact' },
      placed_at: { type: 'time', sortBy: 't.id', filter: 'range' },
      live_at: { type: 'time' },
      ended_at: { type: 'time' },
    },
    title: 'id',
    sort: { sortBy: 'placed_at', direction: 'desc' },
    list: ['user_account_id', 'status', 'language', 'talked_sec', 'end_reason', 'placed_at'],
    show: [
      'id',
      'user_account_id',
      'status',
      'language',
      'level',
      'talked_sec',
      'end_reason',
      'node_id',
      'placed_at',
      'live_at',
      'ended_at',
    ],
    filter: ['id', 'user_account_id', 'status', 'language', 'level', 'end_reason', 'node_id', 'placed_at'],
    readers: WITH_PERSONS,
    actions: callActions({ desk }),
    components: { show: 'CallShow' },
  };
}

export function recordingsTable(): TableDefinition {
  return {
    id: 'recordings',
    section: 'talks',
    icon: 'Mic',
    model: readModel('call_recordings', ['call_id', 'part']),
    columns: {
      id: { type: 'text', sql: `(t.call_id::text || '-' || t.part)` },
      call_id: { type: 'reference', of: 'calls' },
      part: { type: 'integer' },
      duration_sec: { type: 'integer', unit: 'seconds', sql: '(t.duration_ms / 1000)' },
      bytes: { type: 'integer', unit: 'bytes' },
      complete: { type: 'flag' },
      store: { type: 'choice', choices: ['folder', 's3'] },
      started_at: { type: 'time', sortBy: 't.started_at', filter: 'range' },
      ended_at: { type: 'time' },
    },
    title: 'id',
    sort: { sortBy: 'started_at', direction: 'desc' },
    list: ['call_id', 'part', 'duration_sec', 'bytes', 'complete', 'started_at'],
    show: ['call_id', 'part', 'duration_sec', 'bytes', 'complete', 'store', 'started_at', 'ended_at'],
    filter: ['call_id', 'complete', 'started_at'],
    readers: WITH_PERSONS,
  };
}

export function nodesTable({ nodes }: Pick<PanelServices, 'nodes'>): TableDefinition {
  return {
    id: 'nodes',
    section: 'system',
    icon: 'Server',
    model: readModel('media_nodes'),
    columns: {
      id: { type: 'text', sortBy: 't.id', filter: 'contains' },
      url: { type: 'text' },
      load: { type: 'integer', sortBy: 't.load' },
      capacity: { type: 'integer' },
      fresh: { type: 'flag', sql: `(t.heartbeat_at > now() - interval '15 seconds')` },
      draining: { type: 'flag' },
      heartbeat_at: { type: 'time' },
      registered_at: { type: 'time' },
    },
    title: 'id',
    sort: { sortBy: 'id', direction: 'asc' },
    list: ['id', 'load', 'capacity', 'fresh', 'draining', 'heartbeat_at'],
    show: ['id', 'url', 'load', 'capacity', 'fresh', 'draining', 'heartbeat_at', 'registered_at'],
    filter: ['id', 'draining'],
    readers: EVERYBODY,
    actions: nodeActions({ nodes }),
  };
}
