import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { Language, Level } from '../../speech/engine.ts';
import type { OpusCodec } from '../audio/opus.ts';
import type { Pacer } from '../audio/pacer.ts';
import type { VoiceDetector } from '../audio/voice-types.ts';
import type { EndReason, JoinAnswer } from '../protocol.ts';
import type { SfuWorkers } from '../sfu/workers.ts';
import { Call } from './call.ts';
import type { CallEngines } from './call-engines.ts';
import { callEnded, callNotFound, callOnOtherNode, nodeDraining } from './call-errors.ts';
import type { CallMetrics } from './call-metrics.ts';
import type { CallAdmission } from './call-port.ts';
import { type CallDeadlines, defaultCallDeadlines } from './call-state.ts';
import { CallVoice } from './call-voice.ts';
import { createConversation } from './create-conversation.ts';
import type {
  CallMeter,
  CallRecord,
  CallRecordings,
  CallStore,
  ConversationSettings,
  OpenSocketVoice,
} from './ports.ts';
import { Transcript } from './transcript.ts';
import { defaultTurnSettings } from './turn-settings.ts';

/** For whom engines are chosen. */
export interface EngineRequest {
  readonly callId: string;
  readonly language: Language;
  readonly level: Level;
  /** That staff asked for when they placed the call. */
  readonly askedEngine?: string;
}

export type { CallEngines } from './call-engines.ts';

export interface CallRegistryOptions {
  readonly nodeId: string;
  readonly sfu: SfuWorkers;
  readonly codec: OpusCodec;
  readonly detector: VoiceDetector;
  readonly pacer: Pacer;
  readonly store: CallStore;
  readonly meter: CallMeter;
  /** @throws AppError when no engine serves the language. */
  readonly chooseEngines: (request: EngineRequest) => CallEngines | Promise<CallEngines>;
  readonly iceServers: JoinAnswer['ice_servers'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: CallMetrics;
  /** Asked when a call starts; the defaults when absent. */
  readonly readSettings?: () => Promise<ConversationSettings>;
  /** What the tutor is told of how to teach; asked when a call starts. */
  readonly readInstructions?: (lesson: { readonly language: Language; readonly level: Level }) => Promise<string>;
  readonly deadlines?: CallDeadlines;
  /** Absent: no call is recorded. */
  readonly recordings?: CallRecordings | undefined;
  /** Absent: voices go by WebRTC alone. */
  readonly openSocketVoice?: OpenSocketVoice | undefined;
}

/** What a recording may take to be stored when the process ends; later, others find what is left of it. */
const STORING_LIMIT_MS = 5_000;

/** The calls of this process. A call comes into being when its page first enters, and stays until it has ended. */
export class CallRegistry implements CallAdmission {
  readonly #options: CallRegistryOptions;
  readonly #calls = new Map<string, Promise<Call>>();
  /** Recordings of calls that have ended, on their way to their store. */
  readonly #storing = new Set<Promise<void>>();
  #draining = false;

  constructor(options: CallRegistryOptions) {
    this.#options = options;
  }

  /** Calls that have not ended. */
  get size(): number {
    return this.#calls.size;
  }

  async admit(callId: string, userId: string): Promise<Call> {
    const known = this.#calls.get(callId);
    if (!known) return await this.#open(callId, userId);
    const call = await known;
    if (call.userId !== userId) throw callNotFound();
    return call;
  }

  /** Ends the call if it is here, and says whether it was. */
  async end(callId: string, reason: EndReason): Promise<boolean> {
    const call = await this.#calls.get(callId);
    if (!call) return false;
    call.end(reason);
    await call.ended;
    return true;
  }

  /**
   * Takes no new calls; resolves when the live ones have ended, those that last beyond `limitMs` by our hand, and their
   * recordings had their chance to be stored.
   */
  async drain(limitMs: number): Promise<void> {
    this.#draining = true;
    const calls = await this.#opened();
    const timer = this.#options.clock.after(limitMs, () => {
      for (const call of calls) call.end('node_draining');
    });
    await Promise.all(calls.map((call) => call.ended));
    timer.cancel();
    await this.#storeRecordings();
  }

  async #storeRecordings(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(STORING_LIMIT_MS, resolve);
    await Promise.race([Promise.all(this.#storing), late]);
    timer.cancel();
  }

  async #opened(): Promise<Call[]> {
    const settled = await Promise.allSettled(this.#calls.values());
    return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  #open(callId: string, userId: string): Promise<Call> {
    const opening = this.#create(callId, userId);
    this.#calls.set(callId, opening);
    this.#countLive();
    opening.catch(() => this.#forget(callId, opening));
    return opening;
  }

  #forget(callId: string, opening: Promise<Call>): void {
    if (this.#calls.get(callId) === opening) this.#calls.delete(callId);
    this.#countLive();
  }

  #countLive(): void {
    this.#options.metrics.liveCalls.set(this.#calls.size);
  }

  async #create(callId: string, userId: string): Promise<Call> {
    const { store, nodeId, sfu, chooseEngines } = this.#options;
    const record = await store.load(callId, userId);
    if (record.status === 'ended' || record.status === 'finalized') throw callEnded();
    if (record.nodeId !== nodeId) throw callOnOtherNode();
    if (this.#draining) throw nodeDraining();
    const engines = await chooseEngines({
      callId,
      language: record.language,
      level: record.level,
      ...(record.askedEngine !== undefined && { askedEngine: record.askedEngine }),
    });
    const [turns, settings, instructions = ''] = await Promise.all([
      store.turns(callId),
      this.#options.readSettings?.(),
      this.#options.readInstructions?.(record),
    ]);
    const transcript = new Transcript(turns);
    const caller = await sfu.createCaller();
    try {
      return this.#assemble({ record, engines, transcript, caller, settings, instructions });
    } catch (error) {
      caller.close();
      throw error;
    }
  }

  #assemble(parts: CallParts): Call {
    const { record, engines, transcript, caller, settings, instructions } = parts;
    const { codec, detector, pacer, store, meter, iceServers, clock, metrics } = this.#options;
    const log = this.#options.log.child({ call: record.id });
    const voice = new CallVoice({
      tap: caller.tap,
      codec,
      detector,
      pacer,
      clock,
      ...(settings && { voice: settings.voice }),
    });
    return new Call({
      record,
      caller,
      voice,
      beginRecording: () => this.#options.recordings?.begin(record.id, codec) ?? Promise.resolve(undefined),
      openSocketVoice: this.#options.openSocketVoice,
      engines,
      iceServers,
      store,
      meter,
      deadlines: this.#options.deadlines ?? defaultCallDeadlines,
      clock,
      log,
      metrics,
      createConversation: ({ listener, talkedMs }) =>
        createConversation({
          engines,
          speaker: voice.speaker,
          transcript,
          memory: record.tutorMemory,
          language: record.language,
          level: record.level,
          instructions,
          settings: settings?.turns ?? defaultTurnSettings,
          clock,
          log,
          metrics,
          talkedMs,
          listener,
        }),
      onEnded: (callId, stored) => {
        this.#calls.delete(callId);
        this.#countLive();
        this.#storing.add(stored);
        void stored.then(() => this.#storing.delete(stored));
      },
    });
  }
}

interface CallParts {
  readonly record: CallRecord;
  readonly engines: CallEngines;
  readonly transcript: Transcript;
  readonly caller: Awaited<ReturnType<SfuWorkers['createCaller']>>;
  readonly settings: ConversationSettings | undefined;
  readonly instructions: string;
}
