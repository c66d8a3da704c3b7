import type { Clock, Timer } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type { CallEventName, CallEvents, EndReason, JoinAnswer } from '../protocol.ts';
import type { Caller } from '../sfu/caller.ts';
import { type CallEngines, engineNames } from './call-engines.ts';
import { callEnded } from './call-errors.ts';
import { CallMedia } from './call-media.ts';
import { type CallMetrics, countEnd } from './call-metrics.ts';
import type { CallClient, SignaledCall } from './call-port.ts';
import { CallRecording } from './call-recording.ts';
import { advanceCall, type CallDeadlines, type CallEffect, type CallState, startCall, talkedMs } from './call-state.ts';
import type { CallVoice } from './call-voice.ts';
import { CallWriter } from './call-writer.ts';
import type { Conversation, ConversationListener } from './conversation.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { MinuteMeter, type StopReason } from './minute-meter.ts';
import type { CallMeter, CallRecord, CallRecorder, CallStore, OpenSocketVoice } from './ports.ts';

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
  readonly media: CallMedia;
  readonly #options: CallOptions;
  readonly #conversation: Conversation;
  readonly #minutes: MinuteMeter;
  readonly #writer: CallWriter;
  readonly #recording: CallRecording;
  readonly #deadline: DeadlineTimer;
  readonly #ended = Promise.withResolvers<void>();
  #state: CallState;
  #client: CallClient | undefined;
  #absenceTimer: Timer | undefined;
  #begun = false;

  constructor(options: CallOptions) {
    const { record, clock, deadlines, caller, voice, store, meter, log } = options;
    this.#options = options;
    this.#state = startCall({ atMs: clock.monotonicMs(), talkedMs: record.talkedMs, deadlines });
    this.#deadline = new DeadlineTimer(clock, (atMs) => this.#advance({ type: 'time_passed', atMs }));
    this.#writer = new CallWriter({ record, store, meter, log, talkedMs: () => this.talkedMs });
    this.#recording = new CallRecording({
      voice,
      log,
      begin: options.beginRecording,
      onChanged: (on) => this.#send('call:recording', { on }),
    });
    this.#conversation = options.createConversation({
      talkedMs: () => this.talkedMs,
      listener: this.#conversationListener(),
    });
    options.engines.listen?.(this.#writer);
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
    this.media = new CallMedia({
      caller,
      voice,
      openSocketVoice: options.openSocketVoice,
      log,
      send: (name, payload) => this.#send(name, payload),
      onChanged: () => this.#mediaChanged(),
      onLost: (because) => this.end(because === 'worker_died' ? 'worker_died' : 'node_draining'),
    });
    voice.connect({
      onFrame: (frame) => this.#conversation.hear(frame),
      onVoice: (activity) => this.#conversation.voice(activity),
    });
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
    const { record, engines, iceServers } = this.#options;
    if (this.#client === client) {
      throw new AppError({ code: 'already_joined', kind: 'conflict', message: 'This page is in the call already.' });
    }
    if (keepTransports) this.media.assertKept();
    const resumed = this.#begun;
    this.#takeOver(client);
    if (!this.#begun) {
      this.#begun = true;
      // The greeting is made while the page still negotiates its transports.
      this.#conversation.start();
    }
    const transports = await this.#serve(client, keepTransports);
    const leftMs = this.#minutes.leftMs ?? (await this.#firstReading());
    return {
      call_id: record.id,
      resumed,
      router_rtp_capabilities: this.media.routerRtpCapabilities,
      ice_servers: iceServers,
      transports,
      language: record.language,
      engines: engineNames(engines),
      captions: this.#conversation.captions(),
      talked_ms: this.talkedMs,
      left_ms: leftMs,
      recording: this.#recording.on,
    };
  }

  detach(client: CallClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.media.leave();
    if (this.#state.status === 'ended') return;
    // The media may go on without signaling for a while; nobody could hang up for longer.
    this.#absenceTimer = this.#options.clock.after(this.#options.deadlines.reconnectMs, () =>
      this.end('connection_lost'),
    );
  }

  setMuted(muted: boolean): void {
    this.#assertNotEnded();
    this.#options.log.debug({ call: this.id, muted }, 'The microphone was switched');
  }

  async hangUp(): Promise<void> {
    this.end('hang_up');
  }

  /** Ends the call. The first reason stands. */
  end(reason: EndReason): void {
    this.#advance({ type: 'end', reason, atMs: this.#options.clock.monotonicMs() });
  }

  async #serve(client: CallClient, keepTransports: boolean): Promise<JoinAnswer['transports']> {
    try {
      return await this.media.serve({ keepTransports });
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
    this.media.leave();
    earlier?.takenOver();
  }

  #mediaChanged(): void {
    this.#advance({
      type: this.media.connected ? 'media_connected' : 'media_lost',
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
    const state = this.#state;
    this.#deadline.set(state.status === 'ended' || state.status === 'live' ? undefined : state.deadlineMs);
  }

  #run(effect: CallEffect): void {
    switch (effect.type) {
      case 'go_live':
        if (effect.first) this.#writer.live();
        this.#options.voice.start();
        this.#recording.begin();
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

  async #finish(reason: EndReason): Promise<void> {
    const { voice, metrics, log } = this.#options;
    const ending = { reason, talkedMs: this.talkedMs };
    this.#deadline.cancel();
    this.#absenceTimer?.cancel();
    this.#minutes.close();
    this.#conversation.close();
    this.media.end();
    voice.close();
    const written = this.#writer.end(ending);
    this.#send('call:ended', { reason, talked_ms: ending.talkedMs });
    const stored = this.#recording.close();
    // A store that does not answer must not keep the call's place.
    await written;
    countEnd(metrics, reason);
    const socketVoice = this.media.socketStats();
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
    return {
      onPhase: (phase) => this.#send('call:phase', { phase }),
      onCaption: (caption) => this.#send('caption:update', caption),
      onLatency: (latency) => this.#send('turn:latency', latency),
      onNotice: (notice) => this.#send('call:notice', notice),
      onTurn: (turn) => this.#writer.turn(turn),
      onMemory: (memory) => this.#writer.memory(memory),
      onOver: (reason) => this.end(reason),
    };
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
