/** Plays the tutor's voice. The element stands in the document: some phones do not play one that does not. */
export class TutorAudio {
  readonly #element: HTMLAudioElement;
  readonly #onBlocked: (blocked: boolean) => void;

  /** `onBlocked(true)`: the browser wants a press first; call `play()` in one. */
  constructor(document: Document, onBlocked: (blocked: boolean) => void) {
    this.#element = document.createElement('audio');
    this.#element.dataset['testid'] = 'tutor-audio';
    this.#element.autoplay = true;
    this.#onBlocked = onBlocked;
    document.body.append(this.#element);
  }

  setTrack(track: MediaStreamTrack): MediaStream {
    const stream = new MediaStream([track]);
    this.#element.srcObject = stream;
    this.play();
    return stream;
  }

  play(): void {
    this.#element.play().then(
      () => this.#onBlocked(false),
      (error: unknown) => {
        if (error instanceof DOMException && error.name === 'NotAllowedError') this.#onBlocked(true);
      },
    );
  }

  /** Where the browser can; a device that is gone leaves the sound where it was. */
  async setSpeaker(deviceId: string): Promise<void> {
    if ('setSinkId' in this.#element) await this.#element.setSinkId(deviceId).catch(() => undefined);
  }

  close(): void {
    this.#element.pause();
    this.#element.srcObject = null;
    this.#element.remove();
  }
}
