import type { Server as HttpServer } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { loadOpus } from './audio/opus.ts';
import { Pacer } from './audio/pacer.ts';
import { VoiceActivityDetector } from './audio/vad.ts';
import { createCallMetrics } from './call/call-metrics.ts';
import type { CallDeadlines } from './call/call-state.ts';
import type { CallMeter, CallRecordings, CallStore, ConversationSettings } from './call/ports.ts';
import { CallRegistry, type CallRegistryOptions } from './call/registry.ts';
import type { JoinAnswer } from './protocol.ts';
import type { CallTokenSubject } from './signaling/connection.ts';
import { SignalingServer } from './signaling/server.ts';
import type { WorkerUsage } from './sfu/worker.ts';
import { SfuWorkers } from './sfu/workers.ts';
import { SocketVoice } from './socket-voice/socket-voice.ts';
import type { Transcoder } from './transcoding/transcoder.ts';
import { VoiceConversations } from './voice-turn/conversations.ts';
import type { TurnMeter } from './voice-turn/ports.ts';
import type { VoiceTurnLimits } from './voice-turn/voice-turn-settings.ts';

export { nodeTurnRoute } from './voice-turn/node-route.ts';

export interface MediaNodeOptions {
  readonly nodeId: string;
  /** Carries the signaling; stays its owner's. */
  readonly httpServer: HttpServer;
  readonly rtc: {
    readonly port: number;
    readonly listenIp: string;
    readonly announcedAddress: string | undefined;
    readonly iceServers: JoinAnswer['ice_servers'];
    readonly workerBin: string | undefined;
    readonly workers: number;
  };
  readonly opusAddonPath: string | undefined;
  readonly store: CallStore;
  readonly meter: CallMeter;
  readonly chooseEngines: CallRegistryOptions['chooseEngines'];
  readonly verifyToken: (token: string) => Promise<CallTokenSubject>;
  /** Asked when a call starts; the defaults when absent. */
  readonly readSettings?: () => Promise<ConversationSettings>;
  /** What the tutor is told of how to teach; asked when a call starts. Nothing when absent. */
  readonly readInstructions?: CallRegistryOptions['readInstructions'];
  readonly deadlines?: CallDeadlines;
  /** Absent: no call is recorded. */
  readonly recordings?: CallRecordings | undefined;
  /** For voices over the socket; stays its owner's. Absent: there are none. */
  readonly transcoder?: Transcoder | undefined;
  /** For conversations in turns, which need a transcoder too. Absent: there are none. */
  readonly turns?: { readonly meter: TurnMeter; readonly readLimits: () => Promise<VoiceTurnLimits> };
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface MediaNode {
  readonly calls: CallRegistry;
  readonly conversations: VoiceConversations | undefined;
  /** Calls and conversations that have not ended. */
  readonly load: number;
  /** Which Opus it became, for the log. */
  readonly codec: string;
  /** The media server's workers: process ids, CPU, callers. */
  workers(): Promise<readonly WorkerUsage[]>;
  /** Takes no new calls and waits for the live ones, `limitMs` at most; then closes everything. Idempotent. */
  close(limitMs: number): Promise<void>;
}

const LAST_ANSWERS_MS = 300;

/** Where a media process finds its signaling, seen from outside. */
export function signalingPath(nodeId: string): string {
  return `/rtc/${nodeId}/socket.io`;
}

/** Joins the rooms inside media: signaling over calls, calls over the media server and the audio path. */
export async function startMediaNode(options: MediaNodeOptions): Promise<MediaNode> {
  const { clock, log, metrics, nodeId, rtc, transcoder } = options;
  const codec = loadOpus({ addonPath: options.opusAddonPath, log });
  const [detector, sfu] = await Promise.all([
    VoiceActivityDetector.load({ log }),
    SfuWorkers.start({
      count: rtc.workers,
      rtcPort: rtc.port,
      listenIp: rtc.listenIp,
      clock,
      log,
      metrics,
      ...(rtc.announcedAddress !== undefined && { announcedAddress: rtc.announcedAddress }),
      ...(rtc.workerBin !== undefined && { workerBin: rtc.workerBin }),
    }),
  ]);
  const pacer = new Pacer({ clock, log, metrics, afterHearing: () => detector.flush() });
  const callMetrics = createCallMetrics(metrics);
  const calls = new CallRegistry({
    nodeId,
    sfu,
    codec,
    detector,
    pacer,
    clock,
    log,
    store: options.store,
    meter: options.meter,
    chooseEngines: options.chooseEngines,
    iceServers: rtc.iceServers,
    metrics: callMetrics,
    ...(options.readSettings && { readSettings: options.readSettings }),
    ...(options.readInstructions && { readInstructions: options.readInstructions }),
    ...(options.deadlines && { deadlines: options.deadlines }),
    recordings: options.recordings,
    openSocketVoice:
      transcoder &&
      ((voice) => {
        const onClosed = (): void => callMetrics.socketVoices.dec();
        const opened = new SocketVoice({ ...voice, transcoder, clock, onClosed });
        callMetrics.socketVoices.inc();
        callMetrics.openedSocketVoices.inc();
        return opened;
      }),
  });
  const conversations =
    transcoder &&
    options.turns &&
    new VoiceConversations({
      ...options.turns,
      nodeId,
      transcoder,
      detector,
      store: options.store,
      chooseEngines: options.chooseEngines,
      clock,
      log,
      metrics: callMetrics,
      ...(options.readSettings && { readSettings: options.readSettings }),
      ...(options.readInstructions && { readInstructions: options.readInstructions }),
    });
  const signaling = SignalingServer.attach({
    httpServer: options.httpServer,
    path: signalingPath(nodeId),
    verifyToken: options.verifyToken,
    calls,
    clock,
    log,
    metrics,
  });

  let closing: Promise<void> | undefined;
  const closeAll = async (limitMs: number): Promise<void> => {
    const hadCalls = calls.size > 0;
    await Promise.all([calls.drain(limitMs), conversations?.close(limitMs)]);
    // The pages' last answers are still on their way out.
    if (hadCalls) await new Promise<void>((resolve) => clock.after(LAST_ANSWERS_MS, resolve));
    await signaling.close();
    pacer.close();
    await sfu.close();
    await detector.close();
  };
  return {
    calls,
    conversations,
    get load() {
      return calls.size + (conversations?.size ?? 0);
    },
    codec: codec.name,
    workers: () => sfu.usage(),
    close: (limitMs) => (closing ??= closeAll(limitMs)),
  };
}
