import type { Logger } from '../../platform/log.ts';
import type { CallVoice } from './call-voice.ts';
import type { CallRecorder } from './ports.ts';

export interface CallRecordingOptions {
  readonly voice: Pick<CallVoice, 'recordBy'>;
  readonly log: Logger;
  /** Nothing for a call that is not to be recorded. */
  readonly begin: () => Promise<CallRecorder | undefined>;
  /** Both sides are being recorded from now on, or are not any more. */
  readonly onChanged: (on: boolean) => void;
}

/**
 * One call's recording: from the first media on this node to the end, outages with it, whose silence keeps both sides
 * together. The learner sees whether it is recorded at every moment, and not what was asked for.
 */
export class CallRecording {
  readonly #options: CallRecordingOptions;
  #recorder: Promise<CallRecorder | undefined> | undefined;
  #on = false;
  #closed = false;

  constructor(options: CallRecordingOptions) {
    this.#options = options;
  }

  get on(): boolean {
    return this.#on;
  }

  /** Idempotent. */
  begin(): void {
    this.#recorder ??= this.#begin();
  }

  /** Resolves when what was recorded is stored; never rejects. Nothing is told after it. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#recorder)?.close();
  }

  async #begin(): Promise<CallRecorder | undefined> {
    const { begin, voice, log } = this.#options;
    try {
      const recorder = await begin();
      voice.recordBy(recorder);
      recorder?.broken.addEventListener('abort', () => this.#tell(false), { once: true });
      if (recorder && !recorder.broken.aborted) this.#tell(true);
      return recorder;
    } catch (error) {
      log.error({ err: error }, 'A call could not be recorded');
      return undefined;
    }
  }

  #tell(on: boolean): void {
    this.#on = on;
    if (!this.#closed) this.#options.onChanged(on);
  }
}
