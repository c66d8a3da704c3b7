import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type {
  CallEventName,
  CallEvents,
  DtlsParametersMessage,
  JoinAnswer,
  RequestAnswers,
  RtpCapabilitiesMessage,
  RtpParametersMessage,
} from '../protocol.ts';
import type { Caller } from '../sfu/caller.ts';
import { callEnded } from './call-errors.ts';
import type { PageMedia } from './call-port.ts';
import type { CallVoice } from './call-voice.ts';
import type { OpenSocketVoice } from './ports.ts';
import { SocketCarrier, type SocketCarrierStats } from './socket-carrier.ts';

export interface CallMediaOptions {
  readonly caller: Caller;
  readonly voice: CallVoice;
  /** Absent: the voice goes by WebRTC alone. */
  readonly openSocketVoice: OpenSocketVoice | undefined;
  readonly send: <Name extends CallEventName>(name: Name, payload: CallEvents[Name]) => void;
  /** `connected` may have changed. */
  readonly onChanged: () => void;
  /** The media server took the call's place away. */
  readonly onLost: (because: 'worker_died' | 'sfu_closed') => void;
  readonly log: Logger;
}

/** The voice's ways between a call and its page: WebRTC, and the signaling's own connection where that does not get through. */
export class CallMedia implements PageMedia {
  readonly #caller: Caller;
  readonly #socket: SocketCarrier;
  readonly #onChanged: () => void;
  #consumerResumed = false;
  /** Counts the pages: what was begun for an earlier one does not count for a later one. */
  #pages = 0;
  #ended = false;

  constructor({ caller, voice, openSocketVoice, send, onChanged, onLost, log }: CallMediaOptions) {
    this.#caller = caller;
    this.#onChanged = onChanged;
    this.#socket = new SocketCarrier({ voice, open: openSocketVoice, log, send, onChanged });
    caller.on('connected', onChanged);
    caller.on('disconnected', onChanged);
    caller.on('closed', ({ reason }) => {
      if (reason !== 'closed') onLost(reason);
    });
  }

  /** Packets flow both ways and the page is ready to play them, or the voice goes over the socket. */
  get connected(): boolean {
    return this.#socket.isOpen || (this.#caller.connected && this.#consumerResumed);
  }

  get routerRtpCapabilities(): unknown {
    return this.#caller.routerRtpCapabilities;
  }

  /** @throws AppError `transports_gone` where there is nothing that a page could keep. */
  assertKept(): void {
    if (this.#caller.hasTransports) return;
    throw new AppError({
      code: 'transports_gone',
      kind: 'conflict',
      message: 'The transports of this call are gone: join again for new ones.',
      retryable: true,
    });
  }

  /** A page has entered: the answer is its transports, null where it keeps those that it has. */
  async serve({ keepTransports }: { readonly keepTransports: boolean }): Promise<JoinAnswer['transports']> {
    this.#pages += 1;
    if (keepTransports) return null;
    this.#consumerResumed = false;
    return await this.#caller.openTransports();
  }

  /** The page's connection is gone, and the socket's voice with it. */
  leave(): void {
    this.#socket.close();
  }

  async connectTransport(transportId: string, dtlsParameters: DtlsParametersMessage): Promise<void> {
    this.#assertNotEnded();
    await this.#caller.connectTransport(transportId, dtlsParameters);
  }

  async produce(transportId: string, kind: 'audio' | 'video', rtpParameters: RtpParametersMessage): Promise<string> {
    this.#assertNotEnded();
    return await this.#caller.produce(transportId, kind, rtpParameters);
  }

  async consume(rtpCapabilities: RtpCapabilitiesMessage): Promise<RequestAnswers['track:consume']> {
    this.#assertNotEnded();
    return await this.#caller.consume(rtpCapabilities);
  }

  async resumeConsumer(): Promise<void> {
    this.#assertNotEnded();
    const page = this.#pages;
    await this.#caller.resumeConsumer();
    // A page that joined meanwhile has a consumer of its own to resume.
    if (page !== this.#pages) return;
    this.#consumerResumed = true;
    this.#onChanged();
  }

  async restartIce(transportId: string): Promise<unknown> {
    this.#assertNotEnded();
    return await this.#caller.restartIce(transportId);
  }

  openSocketVoice(container: 'webm' | 'mp4' | 'ogg'): RequestAnswers['voice:open'] {
    this.#assertNotEnded();
    return this.#socket.open(container);
  }

  hearSocketVoice(stream: number, bytes: Uint8Array): void {
    this.#socket.hear(stream, bytes);
  }

  socketVoicePlayed(stream: number, playedMs: number): void {
    this.#socket.played(stream, playedMs);
  }

  closeSocketVoice(): void {
    this.#assertNotEnded();
    this.#socket.close();
  }

  /** Of the voice over the socket; nothing when there was none. */
  socketStats(): SocketCarrierStats | undefined {
    return this.#socket.stats();
  }

  /** For good. Idempotent. */
  end(): void {
    this.#ended = true;
    this.#socket.end();
    this.#caller.close();
  }

  #assertNotEnded(): void {
    if (this.#ended) throw callEnded();
  }
}
