import type { Knex } from 'knex';
import { raw } from 'objection';
import { AppError } from '../platform/errors.ts';
import { StoredCall, StoredTurn } from './call-models.ts';
import { callEnded, callNotFound } from './call/call-errors.ts';
import type { CallStore, TurnRecord } from './call/ports.ts';
import { toUsageColumns } from './turn-usage.ts';

export interface CallStoreOptions {
  readonly knex: Knex;
  /** The node that writes. A call that has moved to another one is not its to write any more. */
  readonly nodeId: string;
}

/** Calls and their turns in PostgreSQL. The status after `live` is billing's to write, with the money. */
export function createCallStore({ knex, nodeId }: CallStoreOptions): CallStore {
  const ownCall = (callId: string) => StoredCall.query(knex).findById(callId).where('node_id', nodeId);

  return {
    async load(callId, userId) {
      if (!isUuid(callId) || !isUuid(userId)) throw callNotFound();
      const call = await StoredCall.query(knex).findById(callId).where('user_account_id', userId);
      if (!call) throw callNotFound();
      return {
        id: call.id,
        userId: call.userAccountId,
        nodeId: call.nodeId,
        status: call.status,
        language: call.language,
        level: call.level,
        talkedMs: call.talkedMs,
        tutorMemory: call.tutorMemory ?? undefined,
        ...(call.engines.asked !== undefined && { askedEngine: call.engines.asked }),
        ...(call.engines.used && { served: { used: call.engines.used, changes: call.engines.changes ?? [] } }),
      };
    },

    turns: (callId) => readTurns(knex, callId),

    async markLive(callId) {
      const marked = await ownCall(callId)
        .where('status', 'placed')
        .patch({ status: 'live', liveAt: raw('clock_timestamp()'), lastBeatAt: raw('clock_timestamp()') });
      if (marked === 1) return;
      const call = await StoredCall.query(knex).findById(callId);
      if (!call) throw callNotFound();
      if (call.status === 'ended' || call.status === 'finalized') throw callEnded();
      if (call.nodeId !== nodeId) throw callMoved();
    },

    async saveTurn(callId, turn) {
      await knex.transaction(async (transaction) => {
        // Held until the turn is written: the call cannot move between the look and the write.
        const own = await StoredCall.query(transaction)
          .findById(callId)
          .where('node_id', nodeId)
          .select('id')
          .forShare();
        if (!own) throw callMoved();
        await StoredTurn.query(transaction)
          .insert({
            callId,
            ordinal: turn.ordinal,
            speaker: turn.speaker,
            text: withoutNul(turn.text),
            heardText: withoutNul(turn.heardText),
            interrupted: turn.interrupted,
            words: turn.words ?? null,
            engines: turn.engines,
            startedAtMs: Math.round(turn.startedAtMs),
            durationMs: Math.round(turn.durationMs),
            stages: turn.stages,
            ...(turn.usage && toUsageColumns(turn.usage)),
          })
          .onConflict(['call_id', 'ordinal'])
          .merge();
      });
    },

    async saveTutorMemory(callId, memory) {
      if ((await ownCall(callId).patch({ tutorMemory: memory })) === 0) throw callMoved();
    },

    async saveEngines(callId, engines) {
      const merged = raw('engines || ?::jsonb', JSON.stringify(engines));
      if ((await ownCall(callId).patch({ engines: merged })) === 0) throw callMoved();
    },
  };
}

/** In their order; read from the call's own rows only, so the caller must have settled whose call it is. */
export async function readTurns(knex: Knex, callId: string): Promise<TurnRecord[]> {
  const turns = await StoredTurn.query(knex).where('call_id', callId).orderBy('ordinal');
  return turns.map((turn) => ({
    ordinal: turn.ordinal,
    speaker: turn.speaker,
    text: turn.text,
    heardText: turn.heardText,
    interrupted: turn.interrupted,
    words: turn.words ?? undefined,
    engines: turn.engines,
    startedAtMs: turn.startedAtMs,
    durationMs: turn.durationMs,
    stages: turn.stages,
  }));
}

/** An id that is none is the id of nothing, not an error of the database. */
export function isUuid(text: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}

function callMoved(): AppError {
  return new AppError({
    code: 'call_on_other_node',
    kind: 'conflict',
    message: 'The call has moved to another node, which writes it now.',
  });
}

/** PostgreSQL's text takes every character but this one, and an engine may send anything. */
function withoutNul(text: string): string {
  return text.replaceAll('\u0000', '');
}
