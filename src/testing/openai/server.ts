import { createServer } from 'node:http';

import { type Fault, Faults } from './faults.ts';
import { answerRequest, type RecordedRequest, type Route } from './http-api.ts';
import { createScriptedMind, type Mind } from './mind.ts';
import { serveRealtime } from './realtime-route.ts';
import { createSpeechRoute, listModels } from './speech-route.ts';
import { createChatCompletion, createResponse } from './text-routes.ts';
import type { SessionRecord } from './wire.ts';

export interface OpenAiServerOptions {
  /** 0, or nothing: the system chooses. */
  readonly port?: number;
  readonly apiKey?: string;
  /** Accepted besides. */
  readonly otherKeys?: readonly string[];
  readonly mind?: Mind;
  /** How many times faster than spoken audio comes, as 1 or 4; at once when absent. */
  readonly pace?: number;
  /** A turn that ends within an answer has none of its own, and nothing is said of it; else an error says so. */
  readonly silentConflicts?: boolean;
  /** The vendor's 60 minutes. */
  readonly sessionLimitMs?: number;
  /** A piece of audio has arrived. */
  readonly onAppend?: (session: SessionRecord) => void;
}

export interface OpenAiServer {
  /** For OPENAI_BASE_URL. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Those that were accepted, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** All there ever were, oldest first. */
  readonly sessions: readonly SessionRecord[];
  /** Connections that are open now. */
  connections(): Promise<number>;
  /** What goes wrong next, each once. */
  failNext(...faults: readonly Fault[]): void;
  /** Idempotent. */
  close(): Promise<void>;
}

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /v1/models': listModels,
  'POST /v1/responses': createResponse,
  'POST /v1/chat/completions': createChatCompletion,
  'POST /v1/audio/speech': createSpeechRoute,
};

/**
 * A server that speaks OpenAI's protocols as far as they are used: Responses and Chat Completions as events, speech as raw
 * audio, realtime sessions that talk or transcribe. Behind it a mind: scripted, or the local engines. On 127.0.0.1.
 */
export async function startOpenAiServer(options: OpenAiServerOptions = {}): Promise<OpenAiServer> {
  const { port = 0, apiKey = 'sk-local', otherKeys = [], mind = createScriptedMind(), pace = Infinity } = options;
  const faults = new Faults();
  const requests: RecordedRequest[] = [];
  const sessions: SessionRecord[] = [];
  const accepts = (authorization: string | undefined) =>
    [apiKey, ...otherKeys].some((key) => authorization === `Bearer ${key}`);
  const context = { accepts, mind, faults, pace };
  const server = createServer((request, response) => {
    answerRequest(request, response, ROUTES, { ...context, onRequest: (one) => requests.push(one) }).catch(() =>
      response.destroy(),
    );
  });
  server.keepAliveTimeout = 120_000;
  const endSessions = serveRealtime(server, {
    ...context,
    silentConflicts: options.silentConflicts ?? false,
    sessionLimitMs: options.sessionLimitMs ?? 60 * 60_000,
    onSession: (session) => sessions.push(session),
    onAppend: options.onAppend,
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(port, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server has no port');
  let closing: Promise<void> | undefined;
  return {
    baseUrl: `http://127.0.0.1:${address.port}/v1`,
    apiKey,
    requests,
    sessions,
    connections() {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      return promise;
    },
    failNext: (...next) => faults.add(next),
    close() {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        endSessions();
        server.closeAllConnections();
      });
      return closing;
    },
  };
}
