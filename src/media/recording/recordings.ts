import type { Knex } from 'knex';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { readSetting } from '../../platform/settings.ts';
import type { OpusCodec } from '../audio/opus-types.ts';
import { CallRecorder } from './call-recorder.ts';
import type { RecordingPasses } from './recording-pass.ts';
import { recordingsKeptDays, recordingsOffered } from './recording-settings.ts';
import {
  type ByteRange,
  recordingBeingStored,
  recordingNotFound,
  type RecordingStore,
  type StoredBytes,
} from './recording-store.ts';

/** One file of a call's recording; a call that moved to another node has several, in the order of their parts. */
export interface RecordingPart {
  readonly part: number;
  readonly startedAt: Date;
  /** Null where the process died before it could say. */
  readonly durationMs: number | null;
  readonly bytes: number | null;
}

interface StoredPart {
  readonly call_id: string;
  readonly part: number;
  readonly store: RecordingStore['name'];
  readonly object_key: string;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly duration_ms: string | null;
  readonly bytes: string | null;
  /** False: its beginning alone could be written. Null: it is not known to be in the store. */
  readonly complete: boolean | null;
}

export interface RecordingsOptions {
  readonly knex: Knex;
  readonly store: RecordingStore;
  readonly log: Logger;
}

const DELETE_AT_ONCE = 100;

/** Recordings of calls: begun by media nodes, listened to, deleted. The rows say what the store holds. */
export class Recordings {
  readonly #knex: Knex;
  readonly #store: RecordingStore;
  readonly #log: Logger;

  constructor({ knex, store, log }: RecordingsOptions) {
    this.#knex = knex;
    this.#store = store;
    this.#log = log;
  }

  /** What a learner is told and asked before a call. */
  async terms(): Promise<{ readonly offered: boolean; readonly keptDays: number }> {
    const [offered, keptDays] = await Promise.all([
      readSetting(this.#knex, recordingsOffered),
      readSetting(this.#knex, recordingsKeptDays),
    ]);
    return { offered, keptDays };
  }

  /**
   * Begins the next part of the call's recording; nothing where recordings are off or the learner did not consent.
   * Never rejects: a call is held without its recording rather than not at all.
   */
  async begin(callId: string, codec: OpusCodec): Promise<CallRecorder | undefined> {
    const log = this.#log.child({ call: callId });
    try {
      const consented = await this.#knex('calls')
        .where({ id: callId })
        .whereNotNull('recording_consent_at')
        .first('id');
      if (!consented || !(await readSetting(this.#knex, recordingsOffered))) return undefined;
      const { part, object_key: key } = await this.#insertPart(callId);
      const writer = await this.#store.create(key).catch(async (error: unknown) => {
        await this.#forgetPart(callId, part);
        throw error;
      });
      return new CallRecorder({
        codec,
        writer,
        log,
        onFinished: async ({ durationMs, bytes, complete }) => {
          const noted = await this.#knex('call_recordings')
            .where({ call_id: callId, part })
            .update({
              duration_ms: durationMs,
              bytes,
              // A recovery may have brought it there in the meantime, and have said so.
              ...(complete !== null && { complete }),
              ended_at: this.#knex.fn.now(),
            });
          // Deleted while it was written: what was written since then goes, too.
          if (noted === 0) await this.#store.delete(key);
        },
      });
    } catch (error) {
      log.error({ err: error }, 'A call could not be recorded');
      return undefined;
    }
  }

  /** Of a call that is over, or of its parts that are. */
  async list(callId: string): Promise<RecordingPart[]> {
    const rows = await this.#parts().where('call_recordings.call_id', callId).whereNotNull('calls.ended_at');
    return rows.map(({ part, started_at, duration_ms, bytes }) => ({
      part,
      startedAt: started_at,
      durationMs: duration_ms === null ? null : Number(duration_ms),
      bytes: bytes === null ? null : Number(bytes),
    }));
  }

  /** The same with links for whoever may listen; their passes last some hours. */
  async links(callId: string, passes: RecordingPasses): Promise<(RecordingPart & { readonly url: string })[]> {
    const parts = await this.list(callId);
    return parts.map((recording) => {
      const pass = passes.issue(callId, recording.part);
      return Object.assign(recording, { url: `/api/calls/${callId}/recording?part=${recording.part}&pass=${pass}` });
    });
  }

  /** Whose call it is, when it has been recorded. */
  async ownerOf(callId: string): Promise<string | undefined> {
    const call = await this.#knex<{ id: string; user_account_id: string }>('calls')
      .where({ id: callId })
      .whereExists(
        this.#knex('call_recordings').whereRaw('call_recordings.call_id = calls.id').select(this.#knex.raw('1')),
      )
      .first('user_account_id');
    return call?.user_account_id;
  }

  /** @throws AppError `recording_not_found`, `recording_being_stored`, `range_not_satisfiable` */
  async read(callId: string, part: number, range?: ByteRange): Promise<StoredBytes> {
    const row = (await this.#parts()
      .where('call_recordings.call_id', callId)
      .where('part', part)
      .whereNotNull('calls.ended_at')
      // What has not come to the bucket for a day has gone with the disk on which it was.
      .select(this.#knex.raw(`calls.ended_at > now() - interval '1 day' AS ended_lately`))
      .first()) as (StoredPart & { readonly ended_lately: boolean }) | undefined;
    if (!row) throw recordingNotFound();
    try {
      return await this.#store.read(row.object_key, range);
    } catch (error) {
      const isMissing = error instanceof AppError && error.code === 'recording_not_found';
      if (isMissing && row.store === 's3' && row.complete !== true && row.ended_lately)
        throw recordingBeingStored(error);
      throw error;
    }
  }

  /** Puts to the store what an earlier process could not; how many. What was deleted meanwhile is dropped. */
  recover(): Promise<number> {
    return this.#store.recover({
      isWanted: async (key) =>
        (await this.#knex('call_recordings').where('object_key', key).first('part')) !== undefined,
      noteStored: async (key, bytes) => {
        // Who had no time to note its end has lost its last two seconds, too.
        const { rowCount } = await this.#knex.raw<{ rowCount: number }>(
          `UPDATE call_recordings SET complete = coalesce(complete, call_recordings.ended_at IS NOT NULL),
             ended_at = coalesce(call_recordings.ended_at, calls.ended_at, clock_timestamp()), bytes = :bytes
           FROM calls WHERE calls.id = call_id AND object_key = :key`,
          { key, bytes },
        );
        return rowCount > 0;
      },
    });
  }

  /** Deletes the parts that ended before the moment; how many. Goes on where an earlier run broke off. */
  deleteBefore(moment: Date, signal?: AbortSignal): Promise<number> {
    // A part without an end belongs to a process that died, or to a call that still goes on.
    return this.#deleteWhere(
      (query) => query.whereRaw('coalesce(call_recordings.ended_at, calls.ended_at) < ?', [moment]),
      signal,
    );
  }

  /** With the account: all of a learner's calls. A part that is still being written goes as soon as its writer ends. */
  deleteOfUser(userId: string, signal?: AbortSignal): Promise<number> {
    return this.#deleteWhere((query) => query.where('calls.user_account_id', userId), signal);
  }

  async #deleteWhere(
    condition: (query: Knex.QueryBuilder) => Knex.QueryBuilder,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    let deleted = 0;
    for (;;) {
      const rows: StoredPart[] = await condition(this.#parts()).limit(DELETE_AT_ONCE);
      for (const { call_id, part, object_key, complete } of rows) {
        signal?.throwIfAborted();
        // The row goes last: what is left of a run that broke off is found again.
        await this.#store.delete(object_key);
        await this.#forgetPart(call_id, part);
        // Its writer, or a recovery, may have put it there between the two; from now on they find no row.
        if (complete !== true) await this.#store.delete(object_key);
      }
      deleted += rows.length;
      if (rows.length < DELETE_AT_ONCE) return deleted;
    }
  }

  async #forgetPart(callId: string, part: number): Promise<void> {
    await this.#knex('call_recordings').where({ call_id: callId, part }).delete();
  }

  #parts(): Knex.QueryBuilder<StoredPart, StoredPart[]> {
    return this.#knex('call_recordings')
      .join('calls', 'calls.id', 'call_recordings.call_id')
      .orderBy(['call_recordings.call_id', 'call_recordings.part'])
      .select('call_recordings.*') as Knex.QueryBuilder<StoredPart, StoredPart[]>;
  }

  /** One call has one node at a time; the number is taken by whoever comes first all the same. */
  async #insertPart(callId: string): Promise<Pick<StoredPart, 'part' | 'object_key'>> {
    const day = new Date().toISOString().slice(0, 10);
    const { rows } = await this.#knex.raw<{ rows: Pick<StoredPart, 'part' | 'object_key'>[] }>(
      `INSERT INTO call_recordings (call_id, part, store, object_key)
       SELECT :callId, next.part, :store, format('%s/%s-%s.ogg', :day::text, :callId::text, next.part)
       FROM (SELECT coalesce(max(part), 0) + 1 AS part FROM call_recordings WHERE call_id = :callId) AS next
       RETURNING part, object_key`,
      { callId, day, store: this.#store.name },
    );
    return rows[0]!;
  }
}
