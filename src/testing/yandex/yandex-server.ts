import { createServer, type Socket } from 'node:net';

import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { StreamingRequest, StreamingResponse } from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt';
import { RecognizerService } from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt_service';
import type {
  StreamSynthesisRequest,
  StreamSynthesisResponse,
  SynthesisOptions,
  UtteranceSynthesisRequest,
  UtteranceSynthesisResponse,
} from '@yandex-cloud/nodejs-sdk/ai-tts-v3/tts';
import { SynthesizerService } from '@yandex-cloud/nodejs-sdk/ai-tts-v3/tts_service';

import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Ear } from './ear.ts';
import { type FaultPlan, refusalOf, serviceError } from './fault.ts';
import {
  type RecognitionRecord,
  RECOGNIZER_LIMITS,
  type RecognizerLimits,
  RecognizerSession,
} from './recognizer-session.ts';
import {
  checkedSpeech,
  speechOf,
  SYNTHESIZER_LIMITS,
  type SynthesizerCall,
  type SynthesizerLimits,
  SynthesizerSession,
} from './synthesizer-session.ts';
import { createToneVoice, type ServerSpeech, type ServerVoice } from './voice.ts';

export interface YandexServerOptions {
  /** 127.0.0.1; the system chooses one when not given. */
  readonly port?: number;
  /** What recognizes; without it nothing is understood. */
  readonly hear?: Ear;
  /** What speaks; without it a tone does. */
  readonly speak?: ServerVoice;
  /** API keys and IAM tokens that are accepted; without them any is. */
  readonly keys?: readonly string[];
  readonly recognizer?: Partial<RecognizerLimits>;
  readonly synthesizer?: Partial<SynthesizerLimits>;
  /** How many times faster than spoken the synthesizer's audio comes (1: as spoken); at once when absent. */
  readonly pace?: number;
  /** What normalization makes of a final; the same unless told. */
  readonly normalize?: (text: string) => string;
  /** `false`: refinements never come, though they are asked for. */
  readonly refine?: boolean;
  readonly clock?: Clock;
}

export interface YandexServer {
  readonly port: number;
  /** For `sttEndpoint` and `ttsEndpoint`: `http://127.0.0.1:port`. */
  readonly endpoint: string;
  /** Oldest first. */
  readonly recognitions: readonly RecognitionRecord[];
  readonly syntheses: readonly ServerSpeech[];
  /** Connections ever made, and those open now. */
  readonly connections: number;
  readonly openConnections: number;
  /** From now on calls fail as these say, counted from each's first call. */
  failRecognitions(plan: FaultPlan | undefined): void;
  failSyntheses(plan: FaultPlan | undefined): void;
  /** Idempotent. */
  close(): Promise<void>;
}

/**
 * SpeechKit v3 on 127.0.0.1, in plain text: `Recognizer` and `Synthesizer` from the vendor's own definitions, with the
 * order of their messages, their limits, their pacing and their failures.
 */
export async function startYandexServer(options: YandexServerOptions = {}): Promise<YandexServer> {
  const { port = 0, speak = createToneVoice(), keys, pace, clock = systemClock } = options;
  const { hear = DEAF, normalize = (text: string) => text, refine = true } = options;
  const recognizerLimits = { ...RECOGNIZER_LIMITS, ...options.recognizer };
  const synthesizerLimits = { ...SYNTHESIZER_LIMITS, ...options.synthesizer };
  const recognitions: RecognitionRecord[] = [];
  const syntheses: ServerSpeech[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const faults = { recognition: planned(undefined), synthesis: planned(undefined) };

  function resetOf(call: { getPeer(): string }): () => void {
    return () => {
      const peer = call.getPeer();
      for (const socket of sockets) if (peer.endsWith(`:${socket.remotePort}`)) socket.resetAndDestroy();
    };
  }

  function recognizeStreaming(call: ServerDuplexStream<StreamingRequest, StreamingResponse | Buffer>): void {
    call.on('error', () => undefined);
    const refusal = refusalOf(call.metadata, keys);
    if (refusal) {
      call.emit('error', refusal);
      return;
    }
    const [folderId] = call.metadata.get('x-folder-id');
    const record: RecognitionRecord = {
      requestId: String(call.metadata.get('x-client-request-id')[0] ?? ''),
      folderId: folderId === undefined ? undefined : String(folderId),
      options: undefined,
      audioMs: 0,
      silenceMs: 0,
      bytes: 0,
      ended: false,
    };
    recognitions.push(record);
    void new RecognizerSession({
      call,
      record,
      ear: hear,
      limits: recognizerLimits,
      clock,
      fault: faults.recognition(),
      reset: resetOf(call),
      normalize,
      refine,
    });
  }

  function openSynthesis(
    call: SynthesizerCall & { getPeer(): string; readonly metadata: Parameters<typeof refusalOf>[0] },
  ): SynthesizerSession | undefined {
    const refusal = refusalOf(call.metadata, keys);
    if (refusal) {
      call.emit('error', refusal);
      return undefined;
    }
    const fault = faults.synthesis();
    const reset = resetOf(call);
    return new SynthesizerSession({ call, voice: speak, limits: synthesizerLimits, clock, pace, fault, reset });
  }

  async function say(session: SynthesizerSession, speech: () => ServerSpeech, wav: boolean): Promise<void> {
    try {
      const checked = speech();
      syntheses.push(checked);
      await session.say(checked, wav);
    } catch (error) {
      session.fail(isServiceError(error) ? error : serviceError(status.INTERNAL, String(error)));
    }
  }

  function utteranceSynthesis(
    call: ServerWritableStream<UtteranceSynthesisRequest, UtteranceSynthesisResponse | Buffer>,
  ): void {
    call.on('error', () => undefined);
    const session = openSynthesis(call);
    if (!session) return;
    const { request } = call;
    void say(session, () => speechOf(request, synthesizerLimits), !request.outputAudioSpec?.rawAudio).then(() =>
      session.end(),
    );
  }

  function streamSynthesis(call: ServerDuplexStream<StreamSynthesisRequest, StreamSynthesisResponse | Buffer>): void {
    call.on('error', () => undefined);
    const session = openSynthesis(call);
    if (!session) return;
    let asked: SynthesisOptions | undefined;
    let buffered = '';
    let work = Promise.resolve();
    const speakBuffered = () => {
      const text = buffered;
      buffered = '';
      if (text.trim() === '' || !asked) return;
      const { voice, role, speed, outputAudioSpec: spec } = asked;
      const speech = () => checkedSpeech({ text, voice, role, speed: speed || 1, spec });
      work = work.then(() => say(session, speech, !spec?.rawAudio));
    };
    call.on('data', (message: StreamSynthesisRequest) => {
      if (message.options && !asked) asked = message.options;
      else if (!asked || message.options) {
        session.fail(serviceError(status.INVALID_ARGUMENT, 'Options must be the first message, and only that'));
      } else if (message.synthesisInput) {
        buffered += message.synthesisInput.text;
        // A whole sentence is said when the next one begins.
        for (let end = SENTENCE_END.exec(buffered); end; end = SENTENCE_END.exec(buffered)) {
          const rest = buffered.slice(end.index + end[0].length);
          buffered = buffered.slice(0, end.index + 1);
          speakBuffered();
          buffered = rest;
        }
      } else if (message.forceSynthesis) speakBuffered();
    });
    call.on('end', () => {
      speakBuffered();
      void work.then(() => session.end());
    });
  }

  const server = new Server({
    'grpc.max_receive_message_length': 16 * 1024 * 1024,
    'grpc.max_concurrent_streams': MAX_CALLS_A_CONNECTION,
  });
  server.addService(
    { recognizeStreaming: allowingGarbage(RecognizerService.recognizeStreaming) },
    { recognizeStreaming },
  );
  server.addService(
    {
      utteranceSynthesis: allowingGarbage(SynthesizerService.utteranceSynthesis),
      streamSynthesis: allowingGarbage(SynthesizerService.streamSynthesis),
    },
    { utteranceSynthesis, streamSynthesis },
  );
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    injector.injectConnection(socket);
  });
  const boundPort = await listen(listener, port);

  let closing: Promise<void> | undefined;
  return {
    port: boundPort,
    endpoint: `http://127.0.0.1:${boundPort}`,
    recognitions,
    syntheses,
    get connections() {
      return connections;
    },
    get openConnections() {
      return sockets.size;
    },
    failRecognitions(plan) {
      faults.recognition = planned(plan);
    },
    failSyntheses(plan) {
      faults.synthesis = planned(plan);
    },
    close() {
      closing ??= new Promise((resolve) => {
        listener.close(() => resolve());
        server.forceShutdown();
        injector.destroy();
        for (const socket of sockets) socket.destroy();
      });
      return closing;
    },
  };
}

/** What most servers allow; a client that does not know it waits without a word. */
const MAX_CALLS_A_CONNECTION = 100;

const SENTENCE_END = /[.!?…]\s+(?=\S)/u;

const DEAF: Ear = {
  listen: () => ({
    hear: () => undefined,
    partial: () => [],
    conclude: () => Promise.resolve([]),
    close: () => undefined,
  }),
};

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'details' in error;
}

/** Counts the calls of a plan. */
function planned(plan: FaultPlan | undefined) {
  let calls = 0;
  return () => plan?.(calls++);
}

/** The same method, but a buffer is sent as it is. */
function allowingGarbage<Response, Definition extends { readonly responseSerialize: (value: Response) => Buffer }>(
  definition: Definition,
) {
  return {
    ...definition,
    responseSerialize: (value: Response | Buffer) =>
      Buffer.isBuffer(value) ? value : definition.responseSerialize(value),
  };
}

function listen(listener: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, '127.0.0.1', () => {
      const address = listener.address();
      if (address === null || typeof address === 'string') reject(new Error('The server listens on no port'));
      else resolve(address.port);
    });
  });
}
