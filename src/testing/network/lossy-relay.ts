import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Fate, type NetworkConditions } from './conditions.ts';

const HOST = '127.0.0.1';

export interface LossyRelayOptions {
  /** The server's UDP port on loopback. */
  readonly serverPort: number;
  /** Where the server listens. Default 127.0.0.1; another loopback address lets the relay stand at the server's port. */
  readonly serverHost?: string;
  /** Where callers send to. Default: any free one. */
  readonly port?: number;
  readonly toServer?: NetworkConditions;
  readonly toCaller?: NetworkConditions;
  /** What befalls the n-th media packet of a direction depends on it and on n alone. */
  readonly seed?: number;
  /** STUN and DTLS suffer as media does. They pass untouched otherwise, so that calls come about. */
  readonly handshakeToo?: boolean;
}

export interface PassageCounts {
  /** Media packets that came to the relay. */
  media: number;
  /** Of these, those that were lost to chance. */
  lost: number;
  /** Came twice. */
  duplicated: number;
  /** Packets of any kind that an outage took. */
  cut: number;
}

/** What is on a connection with WebRTC, told apart by the first bytes (RFC 7983, RFC 5761). */
type Kind = 'media' | 'control' | 'handshake';

function kindOf(packet: Buffer): Kind {
  const first = packet[0] ?? 0;
  if (first < 128 || first > 191) return 'handshake';
  const second = packet[1] ?? 0;
  return second >= 192 && second <= 223 ? 'control' : 'media';
}

class Direction {
  readonly counts: PassageCounts = { media: 0, lost: 0, duplicated: 0, cut: 0 };
  readonly #fates: Readonly<Record<Kind, Fate>>;
  readonly #handshakeToo: boolean;

  constructor(conditions: NetworkConditions, seed: number, handshakeToo: boolean) {
    // A generator for each kind: when reports are sent is a matter of timing, and must not change what happens to media.
    this.#fates = {
      media: new Fate(conditions, seed),
      control: new Fate(conditions, seed + 1),
      handshake: new Fate(conditions, seed + 2),
    };
    this.#handshakeToo = handshakeToo;
  }

  change(conditions: NetworkConditions): void {
    for (const fate of Object.values(this.#fates)) fate.change(conditions);
  }

  delaysOf(packet: Buffer): readonly number[] {
    const kind = kindOf(packet);
    if (kind === 'handshake' && !this.#handshakeToo) return [0];
    const delays = this.#fates[kind].next();
    if (kind === 'media') {
      this.counts.media++;
      if (delays.length === 0) this.counts.lost++;
      if (delays.length > 1) this.counts.duplicated++;
    }
    return delays;
  }
}

/**
 * A bad network on loopback: callers send to its port instead of the server's, and it passes packets on, late, twice or
 * not at all. Needs nothing of the kernel. Each caller's socket gets one of its own towards the server.
 */
export class LossyRelay {
  readonly #socket: Socket;
  readonly #serverPort: number;
  readonly #serverHost: string;
  readonly #toServer: Direction;
  readonly #toCaller: Direction;
  /** The socket towards the server, by the caller's address and port. */
  readonly #upstream = new Map<string, Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #cut = false;
  #closed = false;

  private constructor(socket: Socket, options: LossyRelayOptions) {
    const { serverPort, toServer = {}, toCaller = {}, seed = 1, handshakeToo = false } = options;
    this.#socket = socket;
    this.#serverPort = serverPort;
    this.#serverHost = options.serverHost ?? HOST;
    this.#toServer = new Direction(toServer, seed, handshakeToo);
    this.#toCaller = new Direction(toCaller, seed + 1_000, handshakeToo);
    socket.on('message', (packet, from) => this.#fromCaller(packet, from));
  }

  static async start(options: LossyRelayOptions): Promise<LossyRelay> {
    const socket = createSocket('udp4');
    socket.bind(options.port ?? 0, HOST);
    await once(socket, 'listening');
    return new LossyRelay(socket, options);
  }

  /** The UDP port that callers send to. */
  get port(): number {
    return this.#socket.address().port;
  }

  get counts(): { readonly toServer: Readonly<PassageCounts>; readonly toCaller: Readonly<PassageCounts> } {
    return { toServer: this.#toServer.counts, toCaller: this.#toCaller.counts };
  }

  change(conditions: { readonly toServer?: NetworkConditions; readonly toCaller?: NetworkConditions }): void {
    if (conditions.toServer) this.#toServer.change(conditions.toServer);
    if (conditions.toCaller) this.#toCaller.change(conditions.toCaller);
  }

  /** From now on nothing passes, in either direction, whatever it is; what is under way is lost too. */
  cut(): void {
    this.#cut = true;
    this.#dropDelayed();
  }

  /** Ends `cut()`. */
  mend(): void {
    this.#cut = false;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dropDelayed();
    for (const socket of [this.#socket, ...this.#upstream.values()]) socket.close();
  }

  #fromCaller(packet: Buffer, from: RemoteInfo): void {
    const upstream = this.#upstream.get(`${from.address}:${from.port}`) ?? this.#open(from);
    this.#pass(packet, this.#toServer, () => upstream.send(packet, this.#serverPort, this.#serverHost));
  }

  /** Datagrams sent before a socket is bound wait in it. */
  #open({ address, port }: RemoteInfo): Socket {
    const upstream = createSocket('udp4');
    this.#upstream.set(`${address}:${port}`, upstream);
    upstream.on('message', (packet) =>
      this.#pass(packet, this.#toCaller, () => this.#socket.send(packet, port, address)),
    );
    // A server that is gone answers by ICMP: on a network that only means silence.
    upstream.on('error', () => {});
    upstream.bind(0, HOST);
    return upstream;
  }

  #pass(packet: Buffer, direction: Direction, send: () => void): void {
    if (this.#cut) {
      direction.counts.cut++;
      return;
    }
    for (const delayMs of direction.delaysOf(packet)) {
      if (delayMs === 0) send();
      else this.#later(delayMs, send);
    }
  }

  #later(delayMs: number, send: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      send();
    }, delayMs);
    this.#timers.add(timer);
  }

  #dropDelayed(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
