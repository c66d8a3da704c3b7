import { EngineError, type EngineErrorCode } from '../../speech/engine.ts';

/** How a scripted engine fails, when it is told to. */
export interface ScriptedFailure {
  readonly code?: EngineErrorCode;
  readonly message?: string;
  readonly retryable?: boolean;
}

export function toEngineError(engine: string, failure: ScriptedFailure): EngineError {
  const { code = 'engine_failed', message = 'Failed as the script says.', retryable = true } = failure;
  return new EngineError({ engine, code, message, retryable });
}

/** Waits until `signal` aborts: what a stalled engine does. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
