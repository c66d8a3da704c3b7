import type { Knex } from 'knex';
import { UniqueViolationError } from 'objection';
import { z } from 'zod';
import { AppError } from '../platform/errors.ts';
import { defineSetting, readSetting } from '../platform/settings.ts';
import type { Language, Level } from '../speech/engine.ts';
import { type CallChannel, StoredCall } from './call-models.ts';
import { callEnded, callNotFound } from './call/call-errors.ts';
import { isUuid } from './call-store.ts';
import type { MediaNodeReport, MediaNodes } from './media-nodes.ts';

/** What placing a call needs of billing. */
export interface CallOpening {
  /**
   * Sets the first minutes aside, in the transaction that inserted the call's row. It must lock something of the user
   * until that transaction ends, so that one user's calls are opened one after the other.
   * @throws AppError `no_minutes`
   */
  openCall(transaction: Knex.Transaction, call: { readonly callId: string; readonly userId: string }): Promise<void>;
}

export const maxOpenCalls = defineSetting({
  key: 'calls.max_open_per_user',
  schema: z.int().min(1).max(1000),
  fallback: 2,
  unit: 'calls',
  description: {
    en: 'Calls that one learner may have open at once',
    ru: 'Сколько звонков ученик может держать открытыми одновременно',
  },
});

export interface NewCall {
  readonly userId: string;
  readonly language: Language;
  readonly level: Level;
  readonly idempotencyKey?: string | undefined;
  /** That this call is to have, whatever is set. */
  readonly engine?: string | undefined;
  /** The learner agreed to being recorded, should recordings be on. */
  readonly recordingConsent?: boolean | undefined;
  /** Default `live`. */
  readonly channel?: CallChannel;
}

export interface PlacedCall {
  readonly callId: string;
  readonly node: MediaNodeReport;
}

export interface PlacementOptions {
  readonly knex: Knex;
  readonly nodes: MediaNodes;
  readonly opening: CallOpening;
}

/** Gives calls their rows and their nodes. */
export class Placement {
  readonly #knex: Knex;
  readonly #nodes: MediaNodes;
  readonly #opening: CallOpening;

  constructor({ knex, nodes, opening }: PlacementOptions) {
    this.#knex = knex;
    this.#nodes = nodes;
    this.#opening = opening;
  }

  /**
   * One transaction: the row, the hold and the place, or none of them. The same `idempotencyKey` of the same user
   * again answers the same call.
   * @throws AppError `no_minutes`, `no_media_node`, `too_many_calls`; `call_ended` for the key of a call that is over
   */
  async place(call: NewCall): Promise<PlacedCall> {
    try {
      return await this.#knex.transaction((transaction) => this.#insert(transaction, call));
    } catch (error) {
      const repeated = error instanceof UniqueViolationError && error.constraint === 'calls_idempotency_key';
      if (!repeated || call.idempotencyKey === undefined) throw error;
      const earlier = await StoredCall.query(this.#knex).findOne({
        user_account_id: call.userId,
        idempotency_key: call.idempotencyKey,
      });
      if (!earlier) throw error;
      return this.replace(earlier.id, call.userId);
    }
  }

  async #insert(transaction: Knex.Transaction, call: NewCall): Promise<PlacedCall> {
    const { userId, language, level, idempotencyKey = null, channel = 'live', engine } = call;
    const node = await this.#nodes.findRoom(transaction);
    if (!node) throw noMediaNode();
    const { id: callId } = await StoredCall.query(transaction)
      .insert({
        userAccountId: userId,
        nodeId: node.id,
        language,
        level,
        channel,
        idempotencyKey,
        engines: engine === undefined ? {} : { asked: engine },
        recordingConsentAt: call.recordingConsent === true ? new Date() : null,
      })
      .returning('id');
    await this.#opening.openCall(transaction, { callId, userId });
    // After the user's lock: a call that was opened at the same time is committed, and counted, by now.
    const open = await StoredCall.query(transaction)
      .where('user_account_id', userId)
      .whereIn('status', ['placed', 'live'])
      .resultSize();
    if (open > (await readSetting(transaction, maxOpenCalls))) throw tooManyCalls();
    return { callId, node };
  }

  /**
   * Where a call under way is to be joined: on its node, or on another when that one is gone.
   * @throws AppError `call_not_found`, `call_ended`, `no_media_node`
   */
  async replace(callId: string, userId: string, channel: CallChannel = 'live'): Promise<PlacedCall> {
    if (!isUuid(callId)) throw callNotFound();
    return this.#knex.transaction(async (transaction) => {
      const call = await StoredCall.query(transaction)
        .findById(callId)
        .where({ user_account_id: userId, channel })
        .forNoKeyUpdate();
      if (!call) throw callNotFound();
      if (call.status !== 'placed' && call.status !== 'live') throw callEnded();
      const own = (await this.#nodes.listFresh(transaction)).find(({ id }) => id === call.nodeId);
      // A draining node takes nobody in who is not there already.
      if (own && !(own.draining && call.status === 'placed')) return { callId, node: own };
      const node = await this.#nodes.findRoom(transaction);
      if (!node) throw noMediaNode();
      await StoredCall.query(transaction).findById(callId).patch({ nodeId: node.id });
      return { callId, node };
    });
  }
}

function noMediaNode(): AppError {
  return new AppError({
    code: 'no_media_node',
    kind: 'unavailable',
    retryable: true,
    message: 'No place is free for a call at this moment. Try again in a minute.',
    details: { retry_after_seconds: 10 },
  });
}

function tooManyCalls(): AppError {
  return new AppError({
    code: 'too_many_calls',
    kind: 'conflict',
    retryable: true,
    message: 'Other calls of this account are still going on. End one of them first.',
  });
}
