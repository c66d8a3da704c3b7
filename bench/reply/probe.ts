import { Speaker } from '../../src/media/audio/speaker.ts';
import { Tap } from '../../src/media/sfu/tap.ts';

/** A packet of RTP header and one byte only closes a talk spurt: it is no sound. */
const SILENCE_BYTES = 13;
/** After so long nothing of the stopped answer is on its way any more. */
const STOPPED_AFTER_MS = 300;

/**
 * Watches packets where they enter and leave the media process, from outside: the product knows nothing of it. What
 * the worker and the network add is not in it.
 */
export class Probe {
  readonly turnaroundsMs: number[] = [];
  readonly stopsMs: number[] = [];
  readonly #lastFrame: Buffer;
  readonly #spokenAtMs = new WeakMap<Tap, number>();
  readonly #stopping = new Map<Speaker, { readonly decidedMs: number; lastMs: number }>();
  #sending: Speaker | undefined;

  /** @param lastFrame the payload that ends every speech of the callers. */
  constructor(lastFrame: Uint8Array) {
    this.#lastFrame = Buffer.from(lastFrame);
    this.#watchTaps();
    this.#watchSpeakers();
  }

  #watchTaps(): void {
    // oxlint-disable-next-line typescript/unbound-method -- called on the tap that it is watched on
    const { onPacket, send } = Tap.prototype;
    const heard = (tap: Tap, packet: Buffer) => this.#heard(tap, packet);
    const sent = (tap: Tap, packet: Uint8Array) => this.#sent(tap, packet);
    Tap.prototype.onPacket = function watchedOnPacket(this: Tap, listener) {
      onPacket.call(this, (packet) => {
        heard(this, packet);
        listener(packet);
      });
    };
    Tap.prototype.send = function watchedSend(this: Tap, packet: Buffer) {
      send.call(this, packet);
      sent(this, packet);
    };
  }

  #watchSpeakers(): void {
    // oxlint-disable-next-line typescript/unbound-method -- called on the speaker that it is watched on
    const { pause, send } = Speaker.prototype;
    const decided = (speaker: Speaker) => this.#decided(speaker);
    const during = (speaker: Speaker | undefined) => (this.#sending = speaker);
    Speaker.prototype.pause = function watchedPause(this: Speaker) {
      if (!this.paused && this.speaking) decided(this);
      pause.call(this);
    };
    Speaker.prototype.send = function watchedSlot(this: Speaker, slotMs) {
      during(this);
      send.call(this, slotMs);
      during(undefined);
    };
  }

  #heard(tap: Tap, packet: Buffer): void {
    const { length } = this.#lastFrame;
    if (packet.length > length && packet.subarray(-length).equals(this.#lastFrame)) {
      this.#spokenAtMs.set(tap, performance.now());
    }
  }

  #sent(tap: Tap, packet: Uint8Array): void {
    const nowMs = performance.now();
    const stopping = this.#sending && this.#stopping.get(this.#sending);
    if (stopping) stopping.lastMs = nowMs;
    const spokenAtMs = this.#spokenAtMs.get(tap);
    if (spokenAtMs === undefined || packet.length <= SILENCE_BYTES) return;
    this.#spokenAtMs.delete(tap);
    this.turnaroundsMs.push(nowMs - spokenAtMs);
  }

  #decided(speaker: Speaker): void {
    if (this.#stopping.has(speaker)) return;
    const decidedMs = performance.now();
    const stopping = { decidedMs, lastMs: decidedMs };
    this.#stopping.set(speaker, stopping);
    setTimeout(() => {
      this.#stopping.delete(speaker);
      this.stopsMs.push(stopping.lastMs - decidedMs);
    }, STOPPED_AFTER_MS);
  }
}
