/** What one decoding may cost. The defaults suit one spoken turn; a call that lasts names its own. */
export interface DecodeLimits {
  /** Of what is written. */
  readonly maxBytes: number;
  /** Of an M4A whose index comes last, which has to be kept until it is whole; `maxBytes` when left out. */
  readonly maxHeldBytes?: number;
  /** Of what comes out, whatever the file declares. */
  readonly maxDurationMs: number;
  /** Processor time; from `maxDurationMs` when left out. */
  readonly cpuSeconds?: number;
  /** Of memory that the process may write to. */
  readonly memoryBytes: number;
  /** A process that has input and gives no output for so long has failed. */
  readonly stallMs: number;
}

export const defaultDecodeLimits: DecodeLimits = {
  maxBytes: 10 * 1024 * 1024,
  maxDurationMs: 120_000,
  memoryBytes: 256 * 1024 * 1024,
  stallMs: 10_000,
};

/** Opus and AAC decode at about 200 times real time on one core: a tenth of that is no honest audio. */
export function cpuSecondsOf({ cpuSeconds, maxDurationMs }: DecodeLimits): number {
  return cpuSeconds ?? 5 + Math.ceil(maxDurationMs / 20_000);
}

/** ffmpeg's own libraries need about 60 MB of it. */
export const ENCODER_LIMITS = { cpuSeconds: 600, memoryBytes: 256 * 1024 * 1024 };
