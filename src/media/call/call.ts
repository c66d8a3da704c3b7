import type { Clock, Timer } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type { CallEventName, CallEvents, EndReason, JoinAnswer, RequestAnswers } from '../protocol.ts';
import type { DtlsParametersMessage, RtpCapabilitiesMessage, RtpParametersMessage } from '../protocol.ts';
import type { Caller } from '../sfu/caller.ts';
import type { CallClient, SignaledCall } from './call-port.ts';
import { type CallEngines, engineNames } from './call-engines.ts';
import { advanceCall, type CallDeadlines, type CallEffect, type CallState, startCall, talkedMs } from './call-state.ts';
import { type CallMetrics, countEnd } from './call-metrics.ts';
import type { CallVoice } from './call-voice.ts';
import type { Conversation, ConversationListener } from './conversation.ts';
import { EngineBook } from './engine-book.ts';
import { MinuteMeter, type StopReason } from './minute-meter.ts';
import type {
  CallEnginesRecord,
  CallMeter,
  CallRecord,
  CallRecorder,
  CallStore,
  OpenSocketVoice,
  TurnRecord,
} from './ports.ts';
import { SocketCarrier } from './socket-carrier.ts';
import { WriteQueue } from './write-queue.ts';

export interface CallOptions {
  readonly record: CallRecord;
  readonly caller: Caller;
  readonly voice: CallVoice;
  readonly createConversation: (context: {
    readonly listener: ConversationListener;
    readonly talkedMs: () => number;
  }) => Conversation;
  readonly engines: CallEngines;
  readonly iceServers: JoinAnswer['ice_servers'];
  /** Nothing for a call that is not to be recorded. Never rejects. */
  readonly beginRecording: () => Promise<CallRecorder | undefined>;
  /** The voice may go over the signaling, too. */
  readonly openSocketVoice?: OpenSocketVoice | undefined;
  readonly store: CallStore;
  readonly meter: CallMeter;
  readonly deadlines: CallDeadlines;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: CallMetrics;
  /** Called once, when everything of the call is closed and written. `stored`: its recording, too; never rejects. */
  readonly onEnded: (callId: string, stored: Promise<void>) => void;
}

/**
 * One call in this process: joins the page, the media, the conversation and the meter, and runs the effects of
 * `call-state`. Whatever ends it, it ends once, with one reason.
 */
export class Call implements SignaledCall {
  readonly #options: CallOptions;
  readonly #conversation: Conversation;
  readonly #minutes: MinuteMeter;
  readonly #writes: WriteQueue;
  readonly #engineBook: EngineBook;
  readonly #socket: SocketCarrier;
  #recorder: Promise<CallRecorder | undefined> | undefined;
  #recording = false;
  readonly #ended = Promise.withResolvers<void>();
  #state: CallState;
  #client: CallClient | undefined;
  #timer: Timer | undefined;
  #absenceTimer: Timer | undefined;
  #consumerResumed = false;
  /** Counts the joins: what was begun for an earlier page does not count for a later one. */
  #joins = 0;
  #begun = false;

  constructor(options: CallOptions) {
    const { record, clock, deadlines, caller, meter, log } = options;
    this.#options = options;
    this.#writes = new WriteQueue(log);
    this.#engineBook = new EngineBook(record.served);
    this.#state = startCall({ atMs: clock.monotonicMs(), talkedMs: record.talkedMs, deadlines });
    this.#conversation = options.createConversation({
      talkedMs: () => this.talkedMs,
      listener: this.#conversationListener(),
    });
    options.engines.listen?.({
      onUse: (use) => this.#engineBook.add(use),
      onChange: (change) => {
        this.#engineBook.change({ ...change, talkedMs: this.talkedMs });
        this.#saveEngines(this.#engineBook.record());
      },
    });
    this.#minutes = new MinuteMeter({
      callId: record.id,
      meter,
      clock,
      log,
      talkedMs: () => this.talkedMs,
      isTalking: () => this.#state.status === 'live',
      onReading: ({ talkedMs: talked, leftMs, warnMinutes }) =>
        this.#send('minutes:left', { talked_ms: talked, left_ms: leftMs, warn_minutes: warnMinutes }),
      onStop: (reason) => this.end(endReasons[reason]),
    });
    this.#socket = new SocketCarrier({
      voice: options.voice,
      open: options.openSocketVoice,
      log,
      send: (name, payload) => this.#send(name, payload),
      onChanged: () => this.#mediaChanged(),
    });
    options.voice.connect({
      onFrame: (frame) => this.#conversation.hear(frame),
      onVoice: (activity) => this.#conversation.voice(activity),
    });
    caller.on('connected', () => this.#mediaChanged());
    caller.on('disconnected', () => this.#mediaChanged());
    caller.on('closed', ({ reason }) => this.end(reason === 'worker_died' ? 'worker_died' : 'node_draining'));
    this.#plan();
  }

  get id(): string {
    return this.#options.record.id;
  }

  get userId(): string {
    return this.#options.record.userId;
  }

  /** Whole ms with media connected. */
  get talkedMs(): number {
    return talkedMs(this.#state, this.#options.clock.monotonicMs());
  }

  /** Resolves when the call has ended and everything of it is written; its recording may still be on its way. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  async join(client: CallClient, { keepTransports }: { readonly keepTransports: boolean }): Promise<JoinAnswer> {
    this.#assertNotEnded();
    const { caller, record, engines, iceServers } = this.#options;
    if (this.#client === client) {
      throw new AppError({ code: 'already_joined', kind: 'conflict', message: 'This page is in the call already.' });
    }
    if (keepTransports && !caller.hasTransports) {
      throw new AppError({
        code: 'transports_gone',
        kind: 'conflict',
        message: 'The transports of this call are gone: join again for new ones.',
        retryable: true,
      });
    }
    const resumed = this.#begun;
    this.#takeOver(client);
    if (!this.#begun) {
      this.#begun = true;
      // The greeting is made while the page still negotiates its transports.
      this.#conversation.start();
    }
    if (!keepTransports) this.#consumerResumed = false;
    this.#joins += 1;
    const transports = keepTransports ? null : await this.#openTransports(client);
    const leftMs = this.#minutes.leftMs ?? (await this.#firstReading());
    return {
      call_id: record.id,
      resumed,
      router_rtp_capabilities: caller.routerRtpCapabilities,
      ice_servers: iceServers,
      transports,
      language: record.language,
      engines: engineNames(engines),
      captions: this.#conversation.captions(),
      talked_ms: this.talkedMs,
      left_ms: leftMs,
      recording: this.#recording,
    };
  }

  detach(client: CallClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#socket.close();
    if (this.#state.status === 'ended') return;
    // The media may go on without signaling for a while; nobody could hang up for longer.
    this.#absenceTimer = this.#options.clock.after(this.#options.deadlines.reconnectMs, () =>
      this.end('connection_lost'),
    );
  }

  async connectTransport(transportId: string, dtlsParameters: DtlsParametersMessage): Promise<void> {
    this.#assertNotEnded();
    await this.#options.caller.connectTransport(transportId, dtlsParameters);
  }

  async produce(transportId: string, kind: 'audio' | 'video', rtpParameters: RtpParametersMessage): Promise<string> {
    this.#assertNotEnded();
    return await this.#options.caller.produce(transportId, kind, rtpParameters);
  }

  async consume(rtpCapabilities: RtpCapabilitiesMessage): Promise<RequestAnswers['track:consume']> {
    this.#assertNotEnded();
    return await this.#options.caller.consume(rtpCapabilities);
  }

  async resumeConsumer(): Promise<void> {
    this.#assertNotEnded();
    const joins = this.#joins;
    await this.#options.caller.resumeConsumer();
    // A page that joined meanwhile has a consumer of its own to resume.
    if (joins !== this.#joins) return;
    this.#consumerResumed = true;
    this.#mediaChanged();
  }

  async restartIce(transportId: string): Promise<unknown> {
    this.#assertNotEnded();
    return await this.#options.caller.restartIce(transportId);
  }

  setMuted(muted: boolean): void {
    this.#assertNotEnded();
    this.#options.log.debug({ call: this.id, muted }, 'The microphone was switched');
  }

  openSocketVoice(container: 'webm' | 'mp4' | 'ogg'): RequestAnswers['voice:open'] {
    this.#assertNotEnded();
    return this.#socket.open(container);
  }

  hearSocketVoice(stream: number, bytes: Uint8Array): void {
    this.#socket.hear(stream, bytes);
  }

  socketVoicePlayed(stream: number, playedMs: number): void {
    this.#socket.played(stream, playedMs);
  }

  closeSocketVoice(): void {
    this.#assertNotEnded();
    this.#socket.close();
  }

  async hangUp(): Promise<void> {
    this.end('hang_up');
  }

  /** Ends the call. The first reason stands. */
  end(reason: EndReason): void {
    this.#advance({ type: 'end', reason, atMs: this.#options.clock.monotonicMs() });
  }

  async #openTransports(client: CallClient): Promise<NonNullable<JoinAnswer['transports']>> {
    try {
      return await this.#options.caller.openTransports();
    } catch (error) {
      // The page has not joined: it may try again, and the call waits for it as for one that went.
      this.detach(client);
      throw error;
    }
  }

  #takeOver(client: CallClient): void {
    this.#absenceTimer?.cancel();
    const earlier = this.#client;
    this.#client = client;
    this.#socket.close();
    earlier?.takenOver();
  }

  /** Live when packets flow both ways and the page is ready to play them, or the voice goes over the socket. */
  #mediaChanged(): void {
    const connected = this.#socket.isOpen || (this.#options.caller.connected && this.#consumerResumed);
    this.#advance({
      type: connected ? 'media_connected' : 'media_lost',
      atMs: this.#options.clock.monotonicMs(),
    });
  }

  #advance(event: Parameters<typeof advanceCall>[1]): void {
    const { state, effects } = advanceCall(this.#state, event, this.#options.deadlines);
    this.#state = state;
    for (const effect of effects) this.#run(effect);
    this.#plan();
  }

  #plan(): void {
    this.#timer?.cancel();
    const state = this.#state;
    if (state.status === 'ended' || state.status === 'live') return;
    const { clock } = this.#options;
    const delayMs = Math.max(0, state.deadlineMs - clock.monotonicMs());
    this.#timer = clock.after(delayMs, () =>
      this.#advance({ type: 'time_passed', atMs: Math.max(state.deadlineMs, clock.monotonicMs()) }),
    );
  }

  #run(effect: CallEffect): void {
    switch (effect.type) {
      case 'go_live':
        if (effect.first) this.#writes.add('live', () => this.#options.store.markLive(this.id));
        this.#options.voice.start();
        this.#record();
        this.#conversation.resume();
        this.#minutes.start();
        break;
      case 'suspend':
        this.#conversation.suspend();
        this.#minutes.talkClockChanged();
        break;
      case 'finish':
        void this.#finish(effect.reason);
        break;
      default:
        effect satisfies never;
    }
  }

  /** From the first media on this node to the end, outages with it: their silence keeps both sides together. */
  #record(): void {
    this.#recorder ??= this.#options.beginRecording().then(
      (recorder) => {
        this.#options.voice.recordBy(recorder);
        recorder?.broken.addEventListener('abort', () => this.#tellRecording(false), { once: true });
        if (recorder && !recorder.broken.aborted) this.#tellRecording(true);
        return recorder;
      },
      (error: unknown) => {
        this.#options.log.error({ call: this.id, err: error }, 'A call could not be recorded');
        return undefined;
      },
    );
  }

  /** The learner sees whether it is recorded at every moment, and not what was asked for. */
  #tellRecording(on: boolean): void {
    this.#recording = on;
    if (this.#state.status !== 'ended') this.#send('call:recording', { on });
  }

  async #finish(reason: EndReason): Promise<void> {
    const { voice, caller, meter, metrics, log } = this.#options;
    const ending = { reason, talkedMs: this.talkedMs };
    this.#timer?.cancel();
    this.#absenceTimer?.cancel();
    this.#minutes.close();
    this.#conversation.close();
    const socketVoice = this.#socket.stats();
    this.#socket.end();
    voice.close();
    caller.close();
    this.#writes.add('end', () => meter.end(this.id, ending));
    this.#send('call:ended', { reason, talked_ms: ending.talkedMs });
    const recorder = this.#recorder;
    const stored = (async () => (await recorder)?.close())();
    // A store that does not answer must not keep the call's place.
    await this.#writes.idle();
    countEnd(metrics, reason);
    log.info(
      { call: this.id, reason, talkedMs: ending.talkedMs, media: voice.stats(), ...(socketVoice && { socketVoice }) },
      'A call ended',
    );
    this.#ended.resolve();
    this.#options.onEnded(this.id, stored);
  }

  /** The page shows minutes from its first moment; a meter that does not answer is asked again when the call is live. */
  async #firstReading(): Promise<number> {
    try {
      const { coveredMs } = await this.#options.meter.beat(this.id, this.talkedMs);
      return Math.max(0, coveredMs - this.talkedMs);
    } catch (error) {
      this.#options.log.warn({ call: this.id, err: error }, 'The meter did not answer');
      return 0;
    }
  }

  #conversationListener(): ConversationListener {
    const { store, record } = this.#options;
    return {
      onPhase: (phase) => this.#send('call:phase', { phase }),
      onCaption: (caption) => this.#send('caption:update', caption),
      onLatency: (latency) => this.#send('turn:latency', latency),
      onNotice: (notice) => this.#send('call:notice', notice),
      onTurn: (turn) => this.#saveTurn(turn),
      onMemory: (memory) => this.#writes.add('memory', () => store.saveTutorMemory(record.id, memory)),
      onOver: (reason) => this.end(reason),
    };
  }

  #saveTurn(turn: TurnRecord): void {
    const { store } = this.#options;
    const charged = this.#engineBook.charge(turn);
    this.#writes.add('turn', () => store.saveTurn(this.id, charged));
    this.#saveEngines(this.#engineBook.note(turn));
  }

  #saveEngines(engines: CallEnginesRecord | undefined): void {
    if (engines) this.#writes.add('engines', () => this.#options.store.saveEngines(this.id, engines));
  }

  #send<Name extends CallEventName>(name: Name, payload: CallEvents[Name]): void {
    this.#client?.send(name, payload);
  }

  #assertNotEnded(): void {
    if (this.#state.status === 'ended') throw callEnded();
  }
}

/** Why the meter stopped the call. One that moved goes on elsewhere: this end of it is written by nobody. */
const endReasons: Readonly<Record<StopReason, EndReason>> = {
  no_minutes: 'no_minutes',
  ended_elsewhere: 'ended_by_staff',
  moved: 'node_lost',
};

export function callEnded(): AppError {
  return new AppError({ code: 'call_ended', kind: 'conflict', message: 'This call has ended.' });
}
