/** What the media process decodes, in the order in which we like it: Opus where there is a choice. */
const FORMATS = [
  { mimeType: 'audio/webm;codecs=opus', container: 'webm' },
  { mimeType: 'audio/ogg;codecs=opus', container: 'ogg' },
  { mimeType: 'audio/mp4;codecs=opus', container: 'mp4' },
  { mimeType: 'audio/mp4', container: 'mp4' },
] as const;

/** A voice needs no more; browsers take four times that by themselves. */
const BITS_PER_SECOND = 32_000;
/** As short as browsers give it: Chromium's encoder works on 60 ms. */
const TIMESLICE_MS = 60;

export type RecorderFormat = (typeof FORMATS)[number];

/** Undefined: this browser cannot record in a form that is understood. */
export function recorderFormat(): RecorderFormat | undefined {
  if (typeof MediaRecorder === 'undefined') return undefined;
  return FORMATS.find(({ mimeType }) => MediaRecorder.isTypeSupported(mimeType));
}

/** Records a microphone in small pieces, in their order. */
export class VoiceRecorder {
  readonly #recorder: MediaRecorder;
  #handing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    stream: MediaStream,
    format: RecorderFormat,
    onBytes: (bytes: Uint8Array<ArrayBuffer>) => void,
    onFailed: () => void,
  ) {
    this.#recorder = new MediaRecorder(stream, { mimeType: format.mimeType, audioBitsPerSecond: BITS_PER_SECOND });
    this.#recorder.addEventListener('dataavailable', ({ data }) => {
      if (data.size === 0) return;
      this.#handing = this.#handing.then(async () => {
        const bytes = new Uint8Array(await data.arrayBuffer());
        if (!this.#closed) onBytes(bytes);
      });
    });
    this.#recorder.addEventListener('error', () => this.#closed || onFailed());
    this.#recorder.start(TIMESLICE_MS);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
  }
}
