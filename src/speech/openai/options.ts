import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';

/**
 * Model names live shorter than code; the vendor announces their ends at https://developers.openai.com/api/docs/deprecations.
 */
export interface OpenAiModels {
  readonly realtime: string;
  /** Hears the learner of a pipeline; streams its deltas while they speak. */
  readonly transcription: string;
  /** Writes down what the learner of a speech-to-speech session said; one that works with the vendor's turn detection. */
  readonly realtimeTranscription: string;
  readonly speech: string;
  readonly tutor: string;
}

export const DEFAULT_MODELS: OpenAiModels = {
  realtime: 'gpt-realtime-2.1',
  transcription: 'gpt-live-transcribe',
  realtimeTranscription: 'gpt-transcribe',
  speech: 'gpt-4o-mini-tts',
  tutor: 'gpt-5.4-mini',
};

/** How the vendor judges that the learner has finished: by meaning, or by a length of silence. */
export type TurnDetection = 'semantic' | 'server';

/** Which of the vendor's two interfaces the tutor uses; compatible servers often know only `chat`. */
export type TutorApi = 'responses' | 'chat';

/** How long the tutor's model thinks before it speaks; models that do not reason refuse the word. */
export type TutorEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high';

export interface OpenAiLimits {
  /** From opening a connection to a session that is ready. */
  readonly openMs: number;
  /** From asking for an answer, or for a transcript, to its first sign. */
  readonly firstResultMs: number;
  /** Without a sign of life within an answer. */
  readonly stallMs: number;
  /** A session is replaced by a new one from here on, in a pause; the vendor ends it at 60 minutes. */
  readonly renewAfterMs: number;
  /** No pause so far: it is replaced also in the middle. */
  readonly renewAtLatestMs: number;
  /** Audio that the network has not taken: more, and the connection does not keep up. */
  readonly maxUnsentMs: number;
  /** Tokens of earlier turns that go with a request. */
  readonly historyTokens: number;
  readonly maxOutputTokens: number;
}

export const DEFAULT_LIMITS: OpenAiLimits = {
  openMs: 8_000,
  firstResultMs: 10_000,
  stallMs: 8_000,
  renewAfterMs: 50 * 60_000,
  renewAtLatestMs: 58 * 60_000,
  maxUnsentMs: 5_000,
  historyTokens: 3_000,
  maxOutputTokens: 400,
};

/** A function is asked for each request, and for each session that is opened: tokens live shorter than a process. */
export type ApiKey = string | (() => string);

export interface OpenAiOptions {
  readonly apiKey: ApiKey;
  /** Any server that speaks the same protocol; the vendor's own when absent. */
  readonly baseUrl?: string | undefined;
  readonly models?: Partial<OpenAiModels> | undefined;
  /** `marin`, `cedar`, `alloy` and others. */
  readonly voice?: string | undefined;
  readonly tutorApi?: TutorApi | undefined;
  /** Off for servers that refuse requests with tools: the tutor then neither ends calls nor keeps notes. */
  readonly tutorTools?: boolean | undefined;
  /** The model's own when absent. */
  readonly tutorEffort?: TutorEffort | undefined;
  readonly turnDetection?: TurnDetection | undefined;
  readonly limits?: Partial<OpenAiLimits> | undefined;
  readonly log: Logger;
  readonly clock?: Clock | undefined;
}

/** What every engine of this folder is made of. */
export interface OpenAiContext {
  /** The one that is good now. */
  readonly apiKey: () => string;
  readonly baseUrl: string;
  readonly models: OpenAiModels;
  readonly voice: string;
  readonly turnDetection: TurnDetection;
  readonly tutorTools: boolean;
  readonly tutorEffort: TutorEffort | undefined;
  readonly limits: OpenAiLimits;
  readonly log: Logger;
  readonly clock: Clock;
}
