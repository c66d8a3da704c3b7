import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { CallDeadlines } from '../media/call/call-state.ts';
import type {
  CallEnding,
  CallMeter,
  CallRecordings,
  CallRecord,
  CallStore,
  ConversationSettings,
  MeterReading,
  TurnRecord,
} from '../media/call/ports.ts';
import type { CallEngines } from '../media/call/registry.ts';
import { type MediaNode, signalingPath, startMediaNode } from '../media/node.ts';
import type { Transcoder } from '../media/transcoding/transcoder.ts';
import { systemClock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { createHttpApp, listen } from '../platform/http.ts';
import { createSilentLogger, type Logger } from '../platform/log.ts';
import { createMetrics, type Metrics } from '../platform/metrics.ts';
import { findFreePort } from '../media/sfu/free-port.ts';
import { mediaWorkerBin } from './media-worker.ts';

const NODE_ID = 'media-test';

export interface TestMediaNodeOptions {
  readonly engines: CallEngines;
  readonly deadlines?: CallDeadlines;
  /** Asked when a call starts; the defaults when absent. */
  readonly readSettings?: () => Promise<ConversationSettings>;
  /** Answers every beat; an hour is held when absent. */
  readonly beat?: (talkedMs: number) => Promise<MeterReading>;
  /** Our own Opus addon; @evan/opus serves when absent. */
  readonly opusAddonPath?: string;
  readonly log?: Logger;
  readonly recordings?: CallRecordings;
  /** Calls may go over the socket. */
  readonly transcoder?: Transcoder;
}

/** A real media node (worker, signaling, audio path) whose calls, turns and minutes are kept in memory. */
export interface TestMediaNode {
  readonly node: MediaNode;
  readonly metrics: Metrics;
  readonly url: string;
  readonly path: string;
  /** Where the worker takes media, on loopback. */
  readonly rtcPort: number;
  /** Places a call; the answer is its id and its token. */
  place(): { readonly callId: string; readonly token: string };
  readonly turns: (callId: string) => readonly TurnRecord[];
  /** Resolves when the call has ended, and the log says so. */
  readonly ending: (callId: string) => Promise<CallEnding>;
  readonly endings: (callId: string) => readonly CallEnding[];
}

interface KeptCall {
  readonly record: CallRecord;
  readonly turns: Map<number, TurnRecord>;
  readonly endings: CallEnding[];
  readonly ended: PromiseWithResolvers<CallEnding>;
}

export async function startTestMediaNode(
  test: { after(close: () => Promise<void> | void): void },
  options: TestMediaNodeOptions,
): Promise<TestMediaNode> {
  const kept = new Map<string, KeptCall>();
  const { opusAddonPath, log = createSilentLogger() } = options;
  const metrics = createMetrics(NODE_ID);
  const app = createHttpApp({ routes: [], log, metrics, publicUrl: 'http://127.0.0.1' });
  const http = await listen({ app, host: '127.0.0.1', port: 0 });
  const rtcPort = await findFreePort('127.0.0.1');
  const node = await startMediaNode({
    nodeId: NODE_ID,
    httpServer: http.server,
    rtc: {
      port: rtcPort,
      listenIp: '127.0.0.1',
      announcedAddress: undefined,
      iceServers: [],
      workerBin: mediaWorkerBin(),
      workers: 1,
    },
    opusAddonPath,
    store: memoryStore(kept),
    meter: memoryMeter(kept, options.beat),
    chooseEngines: () => options.engines,
    verifyToken: (token) => Promise.resolve(JSON.parse(token)),
    ...(options.deadlines && { deadlines: options.deadlines }),
    ...(options.readSettings && { readSettings: options.readSettings }),
    recordings: options.recordings,
    transcoder: options.transcoder,
    clock: systemClock,
    log,
    metrics,
  });
  test.after(async () => {
    await node.close(0);
    await http.close();
  });
  return {
    node,
    metrics,
    url: http.url,
    path: signalingPath(NODE_ID),
    rtcPort,
    place: () => placeCall(kept),
    turns: (callId) => [...take(kept, callId).turns.values()].toSorted((a, b) => a.ordinal - b.ordinal),
    async ending(callId) {
      const ending = await take(kept, callId).ended.promise;
      await setImmediate();
      return ending;
    },
    endings: (callId) => take(kept, callId).endings,
  };
}

function placeCall(kept: Map<string, KeptCall>): { callId: string; token: string } {
  const callId = randomUUID();
  const userId = randomUUID();
  kept.set(callId, {
    record: {
      id: callId,
      userId,
      nodeId: NODE_ID,
      status: 'placed',
      language: 'en',
      level: 'beginner',
      talkedMs: 0,
      tutorMemory: undefined,
    },
    turns: new Map(),
    endings: [],
    ended: Promise.withResolvers(),
  });
  return { callId, token: JSON.stringify({ callId, userId }) };
}

function memoryStore(kept: Map<string, KeptCall>): CallStore {
  return {
    async load(callId, userId) {
      const { record, endings } = take(kept, callId);
      if (record.userId !== userId) throw notFound();
      return endings.length > 0 ? { ...record, status: 'ended' } : record;
    },
    turns: async (callId) => [...take(kept, callId).turns.values()],
    markLive: async () => {},
    async saveTurn(callId, turn) {
      take(kept, callId).turns.set(turn.ordinal, turn);
    },
    saveTutorMemory: async () => {},
    saveEngines: async () => {},
  };
}

function memoryMeter(kept: Map<string, KeptCall>, beat: TestMediaNodeOptions['beat']): CallMeter {
  const hour = 3_600_000;
  return {
    beat: (_callId, talkedMs) => beat?.(talkedMs) ?? Promise.resolve({ heldMs: hour, coveredMs: hour }),
    async end(callId, ending) {
      const call = take(kept, callId);
      call.endings.push(ending);
      call.ended.resolve(ending);
    },
  };
}

function take(kept: Map<string, KeptCall>, callId: string): KeptCall {
  const call = kept.get(callId);
  if (!call) throw notFound();
  return call;
}

function notFound(): AppError {
  return new AppError({ code: 'call_not_found', kind: 'not_found', message: 'There is no such call.' });
}
