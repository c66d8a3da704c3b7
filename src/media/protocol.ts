import { z } from 'zod';

/**
 * What the page and a media process say to each other over socket.io. Every message that comes in is parsed by
 * these schemas; every request is acknowledged by `Reply`. Names are `noun:verb`, fields `snake_case`.
 */

export const PROTOCOL_VERSION = 1;

/** Of one message; a recorder's 100 ms have some hundred bytes to two thousand. */
export const MAX_VOICE_CHUNK_BYTES = 48 * 1_024;

// ── Pieces of WebRTC ────────────────────────────────────────────────────────────────────────

const shortText = z.string().min(1).max(256);

const dtlsParameters = z.strictObject({
  role: z.enum(['auto', 'client', 'server']).optional(),
  fingerprints: z
    .array(
      z.strictObject({
        algorithm: z.enum(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
        value: z.string().regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){19,63}$/),
      }),
    )
    .min(1)
    .max(8),
});

const codecParameters = z.record(z.string().max(64), z.union([z.string().max(128), z.number(), z.boolean()]));
const rtcpFeedback = z.array(z.object({ type: shortText, parameter: z.string().max(64).optional() })).max(32);
const headerExtension = z.object({
  uri: shortText,
  id: z.int().min(1).max(255),
  encrypt: z.boolean().optional(),
  parameters: codecParameters.optional(),
});

const audioCodec = z.object({
  mimeType: z.string().regex(/^audio\/[\w.-]{1,64}$/i),
  payloadType: z.int().min(0).max(127),
  clockRate: z.int().positive(),
  channels: z.int().min(1).max(8).optional(),
  parameters: codecParameters.optional(),
  rtcpFeedback: rtcpFeedback.optional(),
});

const rtpParameters = z.object({
  mid: z.string().max(32).optional(),
  msid: z.string().max(256).optional(),
  codecs: z.array(audioCodec).min(1).max(8),
  headerExtensions: z.array(headerExtension).max(32).optional(),
  encodings: z
    .array(
      z.object({
        ssrc: z.int().min(1).max(0xffff_ffff).optional(),
        rid: z.string().max(32).optional(),
        codecPayloadType: z.int().min(0).max(127).optional(),
        dtx: z.boolean().optional(),
        maxBitrate: z.int().positive().optional(),
      }),
    )
    .min(1)
    .max(1),
  rtcp: z
    .object({ cname: z.string().max(256).optional(), reducedSize: z.boolean().optional(), mux: z.boolean().optional() })
    .optional(),
});

const rtpCapabilities = z.object({
  codecs: z
    .array(
      z.object({
        kind: z.enum(['audio', 'video']),
        mimeType: shortText,
        preferredPayloadType: z.int().min(0).max(127).optional(),
        clockRate: z.int().positive(),
        channels: z.int().min(1).max(8).optional(),
        parameters: codecParameters.optional(),
        rtcpFeedback: rtcpFeedback.optional(),
      }),
    )
    .max(64),
  headerExtensions: z
    .array(
      z.object({
        kind: z.enum(['audio', 'video']),
        uri: shortText,
        preferredId: z.int().min(1).max(255),
        preferredEncrypt: z.boolean().optional(),
        direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
      }),
    )
    .max(64)
    .optional(),
});

// ── Requests: page → media ──────────────────────────────────────────────────────────────────

export const requestSchemas = {
  /**
   * Enter the call. `keep_transports` says that the page still holds the transports of an earlier join (only
   * the signaling was lost); else new ones are made and answered.
   */
  'call:join': z.strictObject({ protocol: z.literal(PROTOCOL_VERSION), keep_transports: z.boolean() }),
  'transport:connect': z.strictObject({ transport_id: shortText, dtls_parameters: dtlsParameters }),
  'track:produce': z.strictObject({
    transport_id: shortText,
    kind: z.enum(['audio', 'video']),
    rtp_parameters: rtpParameters,
  }),
  'track:consume': z.strictObject({ rtp_capabilities: rtpCapabilities }),
  'track:resume': z.strictObject({}),
  'ice:restart': z.strictObject({ transport_id: shortText }),
  'call:mute': z.strictObject({ muted: z.boolean() }),
  'call:hang-up': z.strictObject({}),
  /**
   * The call's voice goes over this connection from now on, in both directions; also whenever the page begins to record
   * anew, since each recorder makes a stream of its own.
   */
  'voice:open': z.strictObject({ container: z.enum(['webm', 'mp4', 'ogg']) }),
  /** The next bytes of the page's recorder. Not acknowledged. */
  'voice:chunk': z.strictObject({
    stream: z.int().min(1),
    bytes: z.instanceof(Uint8Array).refine(({ length }) => length > 0 && length <= MAX_VOICE_CHUNK_BYTES),
  }),
  /** So much of the tutor's stream has been heard. Not acknowledged. */
  'voice:played': z.strictObject({ stream: z.int().min(1), played_ms: z.number().min(0) }),
  /** The voice goes by WebRTC again. */
  'voice:close': z.strictObject({}),
} as const;

export type RequestName = keyof typeof requestSchemas;
export type RequestPayload<Name extends RequestName> = z.infer<(typeof requestSchemas)[Name]>;
export type DtlsParametersMessage = z.infer<typeof dtlsParameters>;
export type RtpParametersMessage = z.infer<typeof rtpParameters>;
export type RtpCapabilitiesMessage = z.infer<typeof rtpCapabilities>;

/** One WebRTC transport as mediasoup-client takes it; opaque to us. */
export interface TransportMessage {
  readonly id: string;
  readonly ice_parameters: unknown;
  readonly ice_candidates: unknown;
  readonly dtls_parameters: unknown;
}

export interface JoinAnswer {
  readonly call_id: string;
  /** True when the call had already begun: the history stands in `captions`. */
  readonly resumed: boolean;
  readonly router_rtp_capabilities: unknown;
  readonly ice_servers: readonly {
    urls: string | string[];
    username?: string | undefined;
    credential?: string | undefined;
  }[];
  /** Null when the page keeps its transports. */
  readonly transports: { readonly send: TransportMessage; readonly receive: TransportMessage } | null;
  readonly language: 'en' | 'ru';
  readonly engines: { readonly stt: string; readonly tutor: string; readonly tts: string };
  readonly captions: readonly Caption[];
  readonly talked_ms: number;
  readonly left_ms: number;
  /** The call is being recorded now; `call:recording` tells of changes. */
  readonly recording: boolean;
}

export interface RequestAnswers {
  'call:join': JoinAnswer;
  'transport:connect': Record<string, never>;
  'track:produce': { readonly producer_id: string };
  'track:consume': {
    readonly consumer_id: string;
    readonly producer_id: string;
    readonly kind: 'audio';
    readonly rtp_parameters: unknown;
  };
  'track:resume': Record<string, never>;
  'ice:restart': { readonly ice_parameters: unknown };
  'call:mute': Record<string, never>;
  'call:hang-up': Record<string, never>;
  'voice:open': {
    /** Names the streams of both directions; messages of another are late ones. */
    readonly stream: number;
    /** Of the MP3 stream: Hz, mono. */
    readonly sample_rate: number;
  };
  'voice:chunk': Record<string, never>;
  'voice:played': Record<string, never>;
  'voice:close': Record<string, never>;
}

export type Reply<Data> =
  | { readonly ok: true; readonly data: Data }
  | { readonly ok: false; readonly error: ErrorMessage };

export interface ErrorMessage {
  /** Stable, `snake_case`. */
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

// ── Events: media → page ────────────────────────────────────────────────────────────────────

export type CallPhase =
  /** Transports are being set up. */
  | 'connecting'
  /** The tutor waits for the learner. */
  | 'listening'
  /** The learner speaks. */
  | 'hearing'
  /** The tutor's answer is being made. */
  | 'thinking'
  /** The tutor speaks. */
  | 'speaking'
  /** The network is gone; the call waits for it. */
  | 'reconnecting';

export interface CaptionWord {
  readonly text: string;
  readonly mark: 'right' | 'wrong' | 'missing' | 'extra';
  readonly heard?: string;
}

export interface Caption {
  /** Order within the call, from 0; the same number again replaces the caption. */
  readonly turn: number;
  readonly speaker: 'learner' | 'tutor';
  readonly text: string;
  /** False while the text may still change. */
  readonly final: boolean;
  /** Tutor only: how much of `text` has been heard so far, in UTF-16 units. */
  readonly heard_length?: number;
  /** Tutor only: the learner spoke and the rest was dropped. */
  readonly interrupted?: boolean;
  /** Learner only, in a drill: the asked sentence word by word. */
  readonly words?: readonly CaptionWord[];
}

/** Milliseconds from the end of the learner's speech; a stage that did not happen is absent. */
export interface TurnLatency {
  readonly turn: number;
  readonly endpoint_ms?: number;
  readonly final_transcript_ms?: number;
  readonly first_token_ms?: number;
  readonly first_sentence_ms?: number;
  readonly first_audio_ms?: number;
  /** The first packet of the answer left: what the learner waits for. */
  readonly reply_ms?: number;
  /** The answer was interrupted: from the beginning of the learner's speech to the tutor's silence. */
  readonly stop_ms?: number;
}

export type EndReason =
  | 'hang_up'
  | 'lesson_over'
  | 'no_minutes'
  | 'idle'
  | 'connection_lost'
  | 'never_connected'
  | 'engine_failed'
  | 'worker_died'
  | 'node_lost'
  | 'node_draining'
  | 'blocked'
  | 'signed_out'
  | 'ended_by_staff';

export interface CallEvents {
  'call:phase': { readonly phase: CallPhase };
  'caption:update': Caption;
  'turn:latency': TurnLatency;
  'minutes:left': { readonly talked_ms: number; readonly left_ms: number; readonly warn_minutes: 1 | 2 | null };
  /** Whether both voices are being recorded has changed; what holds at first stands in the answer to `call:join`. */
  'call:recording': { readonly on: boolean };
  /** Something the learner should know while the call goes on, by stable code. */
  'call:notice': { readonly code: string; readonly message: string };
  /** Another page took the call over; this one is out. */
  'call:taken-over': Record<string, never>;
  'call:ended': { readonly reason: EndReason; readonly talked_ms: number };
  /** The next bytes of the tutor's MP3 stream, cut anywhere. */
  'voice:sound': { readonly stream: number; readonly bytes: Uint8Array };
  /** Fall silent at once, and keep what is there. */
  'voice:pause': { readonly stream: number };
  'voice:resume': { readonly stream: number };
  /** What lies before this position of the decoded stream is never to be heard. Also ends a pause. */
  'voice:drop': { readonly stream: number; readonly before_ms: number };
  /** The voice over this connection broke off; `voice:open` begins it anew. */
  'voice:failed': { readonly stream: number; readonly code: string };
}

export type CallEventName = keyof CallEvents;
