import type { Consumer, Producer, Router, WebRtcServer, WebRtcTransport } from 'mediasoup/types';
import { AppError } from '../../platform/errors.ts';
import type {
  DtlsParametersMessage,
  RequestAnswers,
  RtpCapabilitiesMessage,
  RtpParametersMessage,
  TransportMessage,
} from '../protocol.ts';
import { toConsumerCapabilities, toProducerParameters } from './opus-codec.ts';
import { askWorker, transportNotFound } from './sfu-errors.ts';
import type { Tap } from './tap.ts';

/** After this long without an answer to its consent checks (RFC 7675) a transport counts as disconnected. */
export const ICE_CONSENT_TIMEOUT_S = 10;

/**
 * One page's pair of transports and the two tracks on them. A page that lost everything gets a new
 * connection; what belongs to the old one goes with it.
 */
export class Connection {
  readonly #router: Router;
  readonly #tap: Tap;
  readonly #send: WebRtcTransport;
  readonly #receive: WebRtcTransport;
  readonly #onChange: () => void;
  readonly #connecting = new Set<string>();
  #producing = false;
  #consuming = false;
  #producer: Producer | undefined;
  #consumer: Consumer | undefined;

  private constructor(
    router: Router,
    tap: Tap,
    transports: { readonly send: WebRtcTransport; readonly receive: WebRtcTransport },
    onChange: () => void,
  ) {
    this.#router = router;
    this.#tap = tap;
    this.#send = transports.send;
    this.#receive = transports.receive;
    this.#onChange = onChange;
    for (const transport of [this.#send, this.#receive]) {
      transport.on('icestatechange', () => this.#onChange());
      transport.on('dtlsstatechange', () => this.#onChange());
    }
  }

  /** @param onChange called when `connected` may have changed. */
  static async open(router: Router, webRtcServer: WebRtcServer, tap: Tap, onChange: () => void): Promise<Connection> {
    const open = () =>
      router.createWebRtcTransport({
        webRtcServer,
        enableUdp: true,
        enableTcp: true,
        preferUdp: true,
        iceConsentTimeout: ICE_CONSENT_TIMEOUT_S,
      });
    const [send, receive] = await askWorker(() => Promise.all([open(), open()]));
    return new Connection(router, tap, { send, receive }, onChange);
  }

  /** True while both transports carry packets. */
  get connected(): boolean {
    return isConnected(this.#send) && isConnected(this.#receive);
  }

  describe(): { readonly send: TransportMessage; readonly receive: TransportMessage } {
    return { send: describe(this.#send), receive: describe(this.#receive) };
  }

  async connectTransport(transportId: string, dtlsParameters: DtlsParametersMessage): Promise<void> {
    const transport = this.#transport(transportId);
    if (this.#connecting.has(transportId)) {
      throw new AppError({
        code: 'transport_already_connected',
        kind: 'conflict',
        message: 'This transport has been connected before.',
      });
    }
    this.#connecting.add(transportId);
    const { role, fingerprints } = dtlsParameters;
    try {
      await askWorker(() => transport.connect({ dtlsParameters: role ? { role, fingerprints } : { fingerprints } }));
    } catch (error) {
      this.#connecting.delete(transportId);
      throw error;
    }
  }

  async produce(transportId: string, kind: 'audio' | 'video', rtpParameters: RtpParametersMessage): Promise<string> {
    if (this.#transport(transportId) !== this.#send) throw wrongDirection('sends');
    if (kind !== 'audio') {
      throw new AppError({ code: 'track_kind_unsupported', kind: 'invalid', message: 'A call carries audio only.' });
    }
    if (this.#producing) {
      throw new AppError({
        code: 'track_already_produced',
        kind: 'conflict',
        message: 'This call has its microphone track already.',
      });
    }
    const parameters = toProducerParameters(rtpParameters);
    this.#producing = true;
    try {
      const producer = await askWorker(() => this.#send.produce({ kind, rtpParameters: parameters }));
      await askWorker(() => this.#tap.hear(producer, this.#router));
      this.#producer = producer;
      return producer.id;
    } catch (error) {
      this.#producing = false;
      throw error;
    }
  }

  async consume(rtpCapabilities: RtpCapabilitiesMessage): Promise<RequestAnswers['track:consume']> {
    if (this.#consuming) {
      throw new AppError({
        code: 'track_already_consumed',
        kind: 'conflict',
        message: "This call has its tutor's track already.",
      });
    }
    const capabilities = toConsumerCapabilities(rtpCapabilities);
    this.#consuming = true;
    try {
      const consumer = await askWorker(() =>
        this.#receive.consume({
          producerId: this.#tap.producerId,
          rtpCapabilities: capabilities,
          // The page resumes when it is ready to play, so that the first word is not lost.
          paused: true,
          // Lost packets are sent again when the page asks for them by NACK.
          enableRtx: true,
        }),
      );
      this.#consumer = consumer;
      return {
        consumer_id: consumer.id,
        producer_id: this.#tap.producerId,
        kind: 'audio',
        rtp_parameters: consumer.rtpParameters,
      };
    } catch (error) {
      this.#consuming = false;
      throw error;
    }
  }

  async resumeConsumer(): Promise<void> {
    const consumer = this.#consumer;
    if (!consumer) {
      throw new AppError({
        code: 'track_not_consumed',
        kind: 'conflict',
        message: "The tutor's track has to be consumed before it is resumed.",
      });
    }
    await askWorker(() => consumer.resume());
  }

  restartIce(transportId: string): Promise<unknown> {
    const transport = this.#transport(transportId);
    return askWorker(() => transport.restartIce());
  }

  /** The page's microphone track is there and nothing has closed it. */
  get produced(): boolean {
    return this.#producer !== undefined && !this.#producer.closed;
  }

  close(): void {
    this.#send.close();
    this.#receive.close();
  }

  #transport(transportId: string): WebRtcTransport {
    for (const transport of [this.#send, this.#receive]) {
      if (transport.id === transportId && !transport.closed) return transport;
    }
    throw transportNotFound();
  }
}

function isConnected(transport: WebRtcTransport): boolean {
  const { closed, iceState, dtlsState } = transport;
  return !closed && (iceState === 'connected' || iceState === 'completed') && dtlsState === 'connected';
}

function describe(transport: WebRtcTransport): TransportMessage {
  return {
    id: transport.id,
    ice_parameters: transport.iceParameters,
    ice_candidates: transport.iceCandidates,
    dtls_parameters: transport.dtlsParameters,
  };
}

function wrongDirection(verb: string): AppError {
  return new AppError({
    code: 'transport_wrong_direction',
    kind: 'invalid',
    message: `This transport is not the one that ${verb}.`,
  });
}
