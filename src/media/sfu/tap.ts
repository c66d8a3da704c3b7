import type { Consumer, DirectTransport, Producer, Router } from 'mediasoup/types';
import { OPUS_CLOCK_RATE, OPUS_PAYLOAD_TYPE } from './opus-codec.ts';

export interface TapStats {
  readonly packetsHeard: number;
  readonly packetsSent: number;
  /** Sent after the tap was closed, so dropped. */
  readonly packetsUnsent: number;
}

export const noPackets: TapStats = { packetsHeard: 0, packetsSent: 0, packetsUnsent: 0 };

export function sumOfPackets(one: TapStats, other: TapStats): TapStats {
  return {
    packetsHeard: one.packetsHeard + other.packetsHeard,
    packetsSent: one.packetsSent + other.packetsSent,
    packetsUnsent: one.packetsUnsent + other.packetsUnsent,
  };
}

/**
 * Where this process hears and speaks in a caller's router: RTP packets of Opus, whole, without encryption.
 * The sequence numbers, timestamps and marker bits of what is sent are the sender's own work.
 */
export class Tap {
  /** SSRC that every sent packet has to carry. */
  readonly ssrc: number;
  /** Payload type of the packets in both directions. */
  readonly payloadType = OPUS_PAYLOAD_TYPE;
  readonly #transport: DirectTransport;
  readonly #producer: Producer;
  #microphone: Consumer | undefined;
  #listener: ((packet: Buffer) => void) | undefined;
  #packetsHeard = 0;
  #packetsSent = 0;
  #packetsUnsent = 0;

  private constructor(transport: DirectTransport, producer: Producer, ssrc: number) {
    this.#transport = transport;
    this.#producer = producer;
    this.ssrc = ssrc;
  }

  /** @param ssrc any 32-bit number but 0; needs to be unlike others only within the router. */
  static async open(router: Router, ssrc: number): Promise<Tap> {
    const transport = await router.createDirectTransport();
    const producer = await transport.produce({
      kind: 'audio',
      rtpParameters: {
        codecs: [
          {
            mimeType: 'audio/opus',
            payloadType: OPUS_PAYLOAD_TYPE,
            clockRate: OPUS_CLOCK_RATE,
            channels: 2,
            parameters: { useinbandfec: 1 },
          },
        ],
        encodings: [{ ssrc }],
      },
    });
    return new Tap(transport, producer, ssrc);
  }

  /** The producer that the caller's page consumes. */
  get producerId(): string {
    return this.#producer.id;
  }

  get closed(): boolean {
    return this.#producer.closed;
  }

  get stats(): TapStats {
    return {
      packetsHeard: this.#packetsHeard,
      packetsSent: this.#packetsSent,
      packetsUnsent: this.#packetsUnsent,
    };
  }

  /**
   * Hears the caller: one RTP packet a call, in order of arrival, with no repair. Stays when the caller's
   * transports are replaced; the SSRC may then change. A second listener replaces the first.
   */
  onPacket(listener: (packet: Buffer) => void): void {
    this.#listener = listener;
  }

  /** Sends one RTP packet to the caller. Costs about 10 µs, never throws, never waits. */
  send(packet: Uint8Array): void {
    if (this.#producer.closed) {
      this.#packetsUnsent++;
      return;
    }
    this.#packetsSent++;
    this.#producer.send(
      Buffer.isBuffer(packet) ? packet : Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength),
    );
  }

  /** Listens to the caller's microphone. The one before is closed. For the caller only. */
  async hear(producer: Producer, router: Router): Promise<void> {
    this.#microphone?.close();
    const microphone = await this.#transport.consume({
      producerId: producer.id,
      rtpCapabilities: router.rtpCapabilities,
    });
    this.#microphone = microphone;
    microphone.on('rtp', (packet) => {
      this.#packetsHeard++;
      this.#listener?.(packet);
    });
  }

  close(): void {
    this.#transport.close();
  }
}
