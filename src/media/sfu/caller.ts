import { randomInt } from 'node:crypto';
import type { Router, WebRtcServer } from 'mediasoup/types';
import { EventSource } from '../../platform/events.ts';
import type { Logger } from '../../platform/log.ts';
import { AppError } from '../../platform/errors.ts';
import type {
  DtlsParametersMessage,
  RequestAnswers,
  RtpCapabilitiesMessage,
  RtpParametersMessage,
  TransportMessage,
} from '../protocol.ts';
import { Connection } from './connection.ts';
import { opusCodec } from './opus-codec.ts';
import { askWorker, sfuClosed } from './sfu-errors.ts';
import { Tap } from './tap.ts';

/** `closed`: by `close()`. The others: by what the caller lives in. */
export type CallerCloseReason = 'closed' | 'worker_died' | 'sfu_closed';

export type CallerEvents = {
  /** Both transports carry packets. */
  connected: Record<string, never>;
  /**
   * Packets no longer come: the network is gone (about 10 s ago), the page closed its end, or the transports were
   * replaced. An ICE restart or new transports may bring `connected` again.
   */
  disconnected: Record<string, never>;
  /** Once, the last event. */
  closed: { readonly reason: CallerCloseReason };
};

/** What a caller is opened on. */
export interface CallerHost {
  createRouter(options: { mediaCodecs: (typeof opusCodec)[] }): Promise<Router>;
  readonly webRtcServer: WebRtcServer;
}

/**
 * One call's place in the media server: a router of its own with Opus only, the page's transports, and the
 * tap by which this process hears and speaks. Outlives the page's transports, so that a page may come back.
 */
export class Caller {
  readonly tap: Tap;
  readonly #router: Router;
  readonly #webRtcServer: WebRtcServer;
  readonly #events: EventSource<CallerEvents>;
  #connection: Connection | undefined;
  #connected = false;
  #closeReason: CallerCloseReason | undefined;
  /** Counts openings of transports: the latest wins. */
  #generation = 0;

  private constructor(router: Router, webRtcServer: WebRtcServer, tap: Tap, log: Logger) {
    this.#router = router;
    this.#webRtcServer = webRtcServer;
    this.tap = tap;
    this.#events = new EventSource(log);
  }

  /** @throws AppError `sfu_closed`, `sfu_failed`. */
  static async open(host: CallerHost, log: Logger): Promise<Caller> {
    const router = await askWorker(() => host.createRouter({ mediaCodecs: [opusCodec] }));
    try {
      const tap = await askWorker(() => Tap.open(router, randomInt(1, 0xffff_ffff)));
      return new Caller(router, host.webRtcServer, tap, log);
    } catch (error) {
      router.close();
      throw error;
    }
  }

  on<Name extends keyof CallerEvents>(name: Name, listener: (payload: CallerEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  get routerRtpCapabilities(): unknown {
    return this.#router.rtpCapabilities;
  }

  get closed(): boolean {
    return this.#closeReason !== undefined;
  }

  /** True while both transports carry packets. */
  get connected(): boolean {
    return this.#connected;
  }

  /** True while there are transports that a page could keep. */
  get hasTransports(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * Opens a pair of transports for the page; earlier ones close, with their tracks.
   * @throws AppError `sfu_closed`, `sfu_failed`.
   */
  async openTransports(): Promise<{ readonly send: TransportMessage; readonly receive: TransportMessage }> {
    this.#assertOpen();
    const generation = ++this.#generation;
    this.#connection?.close();
    this.#connection = undefined;
    this.#update();
    const connection = await Connection.open(this.#router, this.#webRtcServer, this.tap, () => this.#update());
    if (generation !== this.#generation) {
      connection.close();
      if (this.closed) throw sfuClosed();
      throw new AppError({
        code: 'transports_replaced',
        kind: 'conflict',
        message: 'Newer transports were asked for meanwhile.',
        retryable: true,
      });
    }
    this.#connection = connection;
    return connection.describe();
  }

  /** @throws AppError `transports_not_open`, `transport_not_found`, `transport_already_connected`, `parameters_invalid`. */
  async connectTransport(transportId: string, dtlsParameters: DtlsParametersMessage): Promise<void> {
    await this.#openConnection().connectTransport(transportId, dtlsParameters);
  }

  /**
   * Takes the page's microphone track. Returns the producer's id.
   * @throws AppError `transports_not_open`, `transport_not_found`, `transport_wrong_direction`, `track_kind_unsupported`,
   * `track_already_produced`, `codec_unsupported`, `parameters_invalid`.
   */
  async produce(transportId: string, kind: 'audio' | 'video', rtpParameters: RtpParametersMessage): Promise<string> {
    return await this.#openConnection().produce(transportId, kind, rtpParameters);
  }

  /**
   * Gives the page the tutor's track, paused until `resumeConsumer()`.
   * @throws AppError `transports_not_open`, `track_already_consumed`, `codec_unsupported`, `parameters_invalid`.
   */
  async consume(rtpCapabilities: RtpCapabilitiesMessage): Promise<RequestAnswers['track:consume']> {
    return await this.#openConnection().consume(rtpCapabilities);
  }

  /** Idempotent. @throws AppError `transports_not_open`, `track_not_consumed`. */
  async resumeConsumer(): Promise<void> {
    await this.#openConnection().resumeConsumer();
  }

  /** Returns the transport's new ICE parameters. @throws AppError `transports_not_open`, `transport_not_found`. */
  async restartIce(transportId: string): Promise<unknown> {
    return await this.#openConnection().restartIce(transportId);
  }

  /** Ends the caller's media. Idempotent. */
  close(): void {
    this.closeBecause('closed');
  }

  /** For the workers, when what the caller lives in has gone. Idempotent: the first reason stands. */
  closeBecause(reason: CallerCloseReason): void {
    if (this.#closeReason) return;
    this.#closeReason = reason;
    this.#generation++;
    this.#connection = undefined;
    this.#update();
    // Closes the transports and the tap with it; after a worker's death they are closed already.
    this.#router.close();
    this.#events.emit('closed', { reason });
    this.#events.removeAll();
  }

  #update(): void {
    const connected = this.#connection?.connected ?? false;
    if (connected === this.#connected) return;
    this.#connected = connected;
    this.#events.emit(connected ? 'connected' : 'disconnected', {});
  }

  #assertOpen(): void {
    if (this.closed) throw sfuClosed();
  }

  #openConnection(): Connection {
    this.#assertOpen();
    if (!this.#connection) {
      throw new AppError({
        code: 'transports_not_open',
        kind: 'conflict',
        message: 'Transports have to be opened first.',
      });
    }
    return this.#connection;
  }
}
