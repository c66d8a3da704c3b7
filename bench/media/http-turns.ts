import { randomUUID } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { VoiceActivityDetector } from '../../src/media/audio/vad.ts';
import { createCallMetrics } from '../../src/media/call/call-metrics.ts';
import type { CallRecord, CallStore } from '../../src/media/call/ports.ts';
import { createTranscoder } from '../../src/media/transcoding/transcoder.ts';
import { VoiceConversations } from '../../src/media/voice-turn/conversations.ts';
import { forwardTurn } from '../../src/media/voice-turn/forward-turn.ts';
import { nodeTurnRoute } from '../../src/media/voice-turn/node-route.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createHttpApp, listen } from '../../src/platform/http.ts';
import { defineStreamRoute, type Route } from '../../src/platform/http/route.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { TextToSpeech } from '../../src/speech/engine.ts';
import { createEspeak } from '../../src/speech/local/espeak.ts';
import { createScriptedSpeechToText } from '../../src/testing/engines/scripted-speech-to-text.ts';
import { createScriptedTutor } from '../../src/testing/engines/scripted-tutor.ts';
import { fliteVoice } from '../../src/testing/flite-voice.ts';
import { soundFile } from '../../src/testing/hostile-media.ts';
import { z } from 'zod';

const NODE = 'media-bench';
const HOUR_MS = 3_600_000;

export interface HttpTurnFigures {
  /** From the voice's first samples to the first byte of MP3 at the client. */
  readonly firstByteMs: readonly number[];
}

/** Turns one after the other and `atOnce` together, by eSpeak NG, through a web process's way to the node; all in this process. */
export async function measureHttpTurns(turns: number, atOnce: number): Promise<HttpTurnFigures> {
  const log = createSilentLogger();
  const clock = systemClock;
  const espeak = createEspeak();
  const transcoder = createTranscoder({ log, clock });
  const detector = await VoiceActivityDetector.load();
  /** When the voice of a call gave its first samples: the tutor says the call's id. */
  const spokenAt = new Map<string, number>();
  const conversations = new VoiceConversations({
    nodeId: NODE,
    store: forgetfulStore(),
    meter: {
      beat: () => Promise.resolve({ heldMs: HOUR_MS, coveredMs: HOUR_MS }),
      reserve: () => Promise.resolve({ heldMs: HOUR_MS, coveredMs: HOUR_MS }),
      end: () => Promise.resolve(),
    },
    chooseEngines: ({ callId }) => ({
      speechToText: createScriptedSpeechToText({ utterances: ['Hello there.'] }),
      tutor: createScriptedTutor({ answers: ['Hello to you. It is a fine day, is it not?'] }),
      textToSpeech: timed(espeak, () => spokenAt.set(callId, performance.now())),
    }),
    readLimits: () =>
      Promise.resolve({ maxBytes: 10_000_000, maxDurationMs: 120_000, uploadSilenceMs: 15_000, idleMs: 60_000 }),
    transcoder,
    detector,
    clock,
    log,
    metrics: createCallMetrics(createMetrics(NODE)),
  });
  const serve = (route: Route) =>
    listen({
      app: createHttpApp({ routes: [route], log, metrics: createMetrics('bench'), publicUrl: 'http://127.0.0.1' }),
      host: '127.0.0.1',
      port: 0,
    });
  const node = await serve(
    nodeTurnRoute({
      conversations: () => conversations,
      verifyToken: (callId) => Promise.resolve({ callId, userId: callId }),
    }),
  );
  const agent = new Agent({ keepAlive: true });
  const web = await serve(passing(node.url, agent));
  try {
    const file = await soundFile(await fliteVoice('Hello there'), 'webm');
    const firstByteMs: number[] = [];
    for (let done = 0; done < turns; done += atOnce) {
      const waits = Array.from({ length: atOnce }, async () => {
        const callId = randomUUID();
        const heardAt = await firstByte(web.url, callId, file);
        return heardAt - (spokenAt.get(callId) ?? Number.NaN);
      });
      firstByteMs.push(...(await Promise.all(waits)));
    }
    return { firstByteMs };
  } finally {
    agent.destroy();
    await web.close();
    await conversations.close(0);
    await node.close();
    await Promise.all([transcoder.close(), detector.close(), espeak.close()]);
  }
}

/** The web process's part without its database: the token is the call's id. */
function passing(nodeUrl: string, agent: Agent): Route {
  return defineStreamRoute({
    method: 'post',
    path: '/api/voice/turn',
    summary: 'Passed on',
    tag: 'bench',
    access: 'public',
    query: z.strictObject({ call_id: z.string() }),
    takes: ['audio/webm'],
    gives: ['audio/mpeg'],
    carry: ({ request, response, query, requestId }) =>
      forwardTurn({
        nodeUrl,
        token: query.call_id,
        audio: request,
        accept: undefined,
        endsAfter: true,
        requestId,
        response,
        agent,
      }),
  });
}

async function firstByte(url: string, callId: string, file: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = httpRequest(`${url}/api/voice/turn?call_id=${callId}`, {
    method: 'POST',
    headers: { 'content-type': 'audio/webm' },
    signal: AbortSignal.timeout(30_000),
  });
  request.once('error', reject);
  let heardAt = Number.NaN;
  request.once('response', (answer) => {
    answer.once('data', () => {
      heardAt = performance.now();
      if (answer.statusCode !== 200) reject(new Error(`A turn was answered with ${answer.statusCode}`));
    });
    answer.once('error', reject).once('end', () => resolve(heardAt));
    answer.resume();
  });
  Readable.from([file]).pipe(request);
  return await promise;
}

function timed(voice: TextToSpeech, onFirst: () => void): TextToSpeech {
  return {
    ...voice,
    async *synthesize(request, signal) {
      for await (const event of voice.synthesize(request, signal)) {
        if (event.type === 'audio') {
          onFirst();
          onFirst = () => undefined;
        }
        yield event;
      }
    },
  };
}

function forgetfulStore(): CallStore {
  return {
    load: (id, userId) =>
      Promise.resolve({
        id,
        userId,
        nodeId: NODE,
        status: 'placed',
        language: 'en',
        level: 'beginner',
        talkedMs: 0,
        tutorMemory: undefined,
      } satisfies CallRecord),
    turns: () => Promise.resolve([]),
    markLive: () => Promise.resolve(),
    saveTurn: () => Promise.resolve(),
    saveTutorMemory: () => Promise.resolve(),
    saveEngines: () => Promise.resolve(),
  };
}
