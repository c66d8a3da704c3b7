import type { Timer } from '../../platform/clock.ts';
import { toAppError } from '../../platform/errors.ts';
import { countEnd } from '../call/call-metrics.ts';
import type { CallRecord, CallStore, ConversationSettings } from '../call/ports.ts';
import type { CallRegistryOptions } from '../call/registry.ts';
import { WriteQueue } from '../call/write-queue.ts';
import type { EndReason } from '../protocol.ts';
import type { AnswerForm } from './answer-forms.ts';
import type { TurnMeter } from './ports.ts';
import { type TakenTurn, takeTurn, type TurnTools } from './turn.ts';
import { callEnded, callOnOtherNode, nodeDraining, turnUnderWay } from './voice-turn-errors.ts';
import type { VoiceTurnLimits } from './voice-turn-settings.ts';

export interface VoiceConversationsOptions extends TurnTools {
  readonly nodeId: string;
  readonly store: CallStore;
  readonly meter: TurnMeter;
  readonly chooseEngines: CallRegistryOptions['chooseEngines'];
  readonly readLimits: () => Promise<VoiceTurnLimits>;
  readonly readSettings?: () => Promise<ConversationSettings>;
  readonly readInstructions?: CallRegistryOptions['readInstructions'];
}

export interface TurnRequest {
  readonly callId: string;
  readonly userId: string;
  readonly body: AsyncIterable<Uint8Array>;
  readonly form: AnswerForm;
  /** The sender is gone. */
  readonly gone: AbortSignal;
  /** The conversation ends with this turn. */
  readonly endsAfter: boolean;
}

/** A conversation that has had a turn here and waits for the next, or has one under way. */
interface OpenConversation {
  readonly lost: AbortController;
  talkedMs: number;
  underWay: boolean;
  idle: Timer | undefined;
  beat: Timer | undefined;
}

/** The sweep takes a call for lost after 45 s without one. */
const BEAT_INTERVAL_MS = 10_000;
const GONE_CODES: ReadonlySet<string> = new Set(['call_ended', 'call_not_found', 'call_on_other_node']);

/**
 * Conversations in turns. Each is one call of the books: its talk time is the length of the audio of the turns that were
 * answered, and it ends when it is asked to, when the lesson is over, or when no turn came for long. What is said stands in
 * the database alone, so that the next turn may come to another node.
 */
export class VoiceConversations {
  readonly #options: VoiceConversationsOptions;
  readonly #open = new Map<string, OpenConversation>();
  readonly #underWay = new Set<Promise<unknown>>();
  #draining = false;

  constructor(options: VoiceConversationsOptions) {
    this.#options = options;
  }

  /** Conversations here that have not ended. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes one turn and writes its answer. A turn that failed has not happened: nothing of it is kept or charged.
   * @throws AppError
   */
  async take(request: TurnRequest): Promise<void> {
    if (this.#draining) throw nodeDraining();
    const { callId } = request;
    if (this.#open.get(callId)?.underWay) throw turnUnderWay();
    const conversation = this.#open.get(callId) ?? newConversation();
    conversation.underWay = true;
    conversation.idle?.cancel();
    this.#open.set(callId, conversation);
    const turn = this.#take(request, conversation);
    this.#underWay.add(turn);
    const { httpTurns } = this.#options.metrics;
    try {
      await turn;
      httpTurns.inc({ outcome: request.gone.aborted ? 'left' : 'answered' });
    } catch (error) {
      httpTurns.inc({ outcome: toAppError(error).code });
      throw error;
    } finally {
      this.#underWay.delete(turn);
      conversation.underWay = false;
    }
  }

  /** Takes no new turns and waits for those under way, `limitMs` at most. Conversations go on at other nodes. Idempotent. */
  async close(limitMs: number): Promise<void> {
    this.#draining = true;
    const timer = this.#options.clock.after(limitMs, () => {
      for (const { lost } of this.#open.values()) lost.abort();
    });
    await Promise.allSettled(this.#underWay);
    timer.cancel();
    for (const callId of this.#open.keys()) this.#forget(callId);
  }

  async #take(request: TurnRequest, conversation: OpenConversation): Promise<void> {
    const { callId, userId, form } = request;
    let call: CallRecord;
    try {
      call = await this.#load(callId, userId);
    } catch (error) {
      this.#forget(callId);
      throw error;
    }
    conversation.talkedMs = call.talkedMs;
    try {
      const limits = await this.#options.readLimits();
      const gone = AbortSignal.any([request.gone, conversation.lost.signal]);
      const taken = await this.#run(call, limits, { ...request, gone }, conversation);
      if (!taken) {
        if (conversation.lost.signal.aborted) throw callEnded();
        this.#afterFailure(call, conversation, limits, 'connection_lost');
        return;
      }
      await this.#keep(call, taken, conversation);
      const ended = taken.over || request.endsAfter;
      if (ended) await this.#end(callId, taken.over ? 'lesson_over' : 'hang_up');
      else this.#waitForNext(callId, conversation, limits);
      if (request.gone.aborted) return;
      form.end({
        call_id: callId,
        heard: taken.heard,
        answer: taken.answer,
        audio_seconds: hundredths(taken.soundMs),
        talked_seconds: hundredths(conversation.talkedMs),
        ended,
      });
    } catch (error) {
      const { code } = toAppError(error);
      this.#options.log.info({ call: callId, code }, 'A turn failed');
      this.#afterFailure(
        call,
        conversation,
        undefined,
        code.startsWith('engine_') ? 'engine_failed' : 'never_connected',
      );
      throw error;
    }
  }

  async #load(callId: string, userId: string): Promise<CallRecord> {
    const call = await this.#options.store.load(callId, userId);
    if (call.status === 'ended' || call.status === 'finalized') throw callEnded();
    if (call.nodeId !== this.#options.nodeId) throw callOnOtherNode();
    return call;
  }

  async #run(
    call: CallRecord,
    limits: VoiceTurnLimits,
    { body, form, gone }: TurnRequest,
    conversation: OpenConversation,
  ): Promise<TakenTurn | undefined> {
    const { store, meter, chooseEngines, readSettings, readInstructions } = this.#options;
    const { id: callId, language, level, askedEngine } = call;
    const [{ heldMs }, earlier, engines, settings, instructions = ''] = await Promise.all([
      meter.beat(call.id, call.talkedMs),
      store.turns(call.id),
      chooseEngines({ callId, language, level, ...(askedEngine !== undefined && { askedEngine }) }),
      readSettings?.(),
      readInstructions?.(call),
    ]);
    this.#beatLater(call.id, conversation);
    return await takeTurn(
      {
        call,
        earlier,
        body,
        form,
        gone,
        engines,
        instructions,
        limits,
        settings,
        heldMs,
        reserve: async (coverMs) => (await meter.reserve(call.id, coverMs)).heldMs,
      },
      { ...this.#options, log: this.#options.log.child({ call: call.id }) },
    );
  }

  /** The minutes first: what cannot be charged has not happened. */
  async #keep(call: CallRecord, { turns, memory, soundMs }: TakenTurn, conversation: OpenConversation): Promise<void> {
    const { store, meter, log } = this.#options;
    const talkedMs = Math.round(call.talkedMs + soundMs);
    if (call.status === 'placed') await store.markLive(call.id);
    await meter.beat(call.id, talkedMs);
    conversation.talkedMs = talkedMs;
    const writes = new WriteQueue(log);
    for (const turn of turns) writes.add('turn', () => store.saveTurn(call.id, turn));
    if (memory) writes.add('memory', () => store.saveTutorMemory(call.id, memory));
    await writes.idle();
  }

  /** A conversation whose first turn failed has not begun; another waits for a better turn. */
  #afterFailure(
    call: CallRecord,
    conversation: OpenConversation,
    limits: VoiceTurnLimits | undefined,
    reason: EndReason,
  ): void {
    if (!this.#open.has(call.id)) return;
    if (conversation.lost.signal.aborted) this.#forget(call.id);
    else if (conversation.talkedMs === 0) void this.#end(call.id, reason);
    else this.#waitForNext(call.id, conversation, limits);
  }

  #waitForNext(callId: string, conversation: OpenConversation, limits: VoiceTurnLimits | undefined): void {
    if (this.#draining) return this.#forget(callId);
    conversation.idle?.cancel();
    conversation.idle = this.#options.clock.after(limits?.idleMs ?? DEFAULT_IDLE_MS, () => {
      if (!conversation.underWay) void this.#end(callId, 'idle');
    });
  }

  async #end(callId: string, reason: EndReason): Promise<void> {
    const { meter, metrics, log } = this.#options;
    const talkedMs = this.#open.get(callId)?.talkedMs ?? 0;
    this.#forget(callId);
    try {
      await meter.end(callId, { reason, talkedMs });
      countEnd(metrics, reason);
      log.info({ call: callId, reason, talkedMs }, 'A conversation in turns ended');
    } catch (error) {
      // Nobody beats for it any more: the sweep ends it.
      log.warn({ call: callId, err: error }, 'The end of a conversation was not written');
    }
  }

  #beatLater(callId: string, conversation: OpenConversation): void {
    conversation.beat?.cancel();
    conversation.beat = this.#options.clock.after(BEAT_INTERVAL_MS, () => void this.#beat(callId, conversation));
  }

  async #beat(callId: string, conversation: OpenConversation): Promise<void> {
    if (this.#open.get(callId) !== conversation) return;
    try {
      await this.#options.meter.beat(callId, conversation.talkedMs);
    } catch (error) {
      const { code } = toAppError(error);
      if (!GONE_CODES.has(code)) this.#options.log.warn({ call: callId, err: error }, 'The meter did not answer');
      else {
        conversation.lost.abort();
        if (!conversation.underWay) this.#forget(callId);
        return;
      }
    }
    if (this.#open.get(callId) === conversation) this.#beatLater(callId, conversation);
  }

  #forget(callId: string): void {
    const conversation = this.#open.get(callId);
    conversation?.beat?.cancel();
    conversation?.idle?.cancel();
    this.#open.delete(callId);
  }
}

const DEFAULT_IDLE_MS = 300_000;

function newConversation(): OpenConversation {
  return { lost: new AbortController(), talkedMs: 0, underWay: false, idle: undefined, beat: undefined };
}

function hundredths(ms: number): number {
  return Math.round(ms / 10) / 100;
}
