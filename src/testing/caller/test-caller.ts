import type { JoinAnswer, RequestAnswers } from '../../media/protocol.ts';
import { PROTOCOL_VERSION } from '../../media/protocol.ts';
import { within } from './deadline.ts';
import { FrameClock } from './frame-clock.ts';
import { MissingPackets } from './missing-packets.ts';
import { parseTransport, type IceParameters, type RemoteTransport } from './peer-sdp.ts';
import { ReceivePeer, rtpCapabilities, SendPeer } from './peer.ts';
import type { OpusFrames } from './opus-recording.ts';
import { ReceivedAudio, type ReceivedPacket } from './received-audio.ts';
import { SignalingClient, type SignalingOptions } from './signaling-client.ts';

export interface TestCallerOptions extends SignalingOptions {
  /** How the media goes; `udp` when absent. */
  readonly protocol?: 'udp' | 'tcp';
  /** Shared by the callers of a process; one of its own when absent. */
  readonly frameClock?: FrameClock;
  /** False in long runs: only counts are kept of what is received. */
  readonly keepPackets?: boolean;
  readonly onPacket?: (packet: ReceivedPacket) => void;
  /** Sent again and again while nothing is said, as the sound of a room; absent: nothing is sent, as with DTX. */
  readonly background?: OpusFrames;
  /** A port on loopback that media is sent to instead of the server's: that of a relay. UDP only. */
  readonly mediaPort?: number;
  /** Lost packets are asked for again, in both directions, as a page with `opusNack` does. */
  readonly nack?: boolean;
  /** Whether media is set up at once; true when absent. */
  readonly media?: boolean;
}

/** `performance.now()` of each step of the setting up. */
export interface SetupTimes {
  readonly startedMs: number;
  /** The first `call:join` was sent. */
  joinStartedMs: number | undefined;
  joinedMs: number | undefined;
  connectedMs: number | undefined;
}

const SAMPLES_PER_FRAME = 960;

/** A real WebRTC caller without a browser: ICE, DTLS, SRTP and the call's own signaling. */
export class TestCaller {
  readonly received: ReceivedAudio;
  readonly times: SetupTimes;
  readonly #options: TestCallerOptions;
  readonly #frameClock: FrameClock;
  readonly #deadlineMs: number;
  #signaling: SignalingClient;
  #joined: JoinAnswer | undefined;
  #send: SendPeer | undefined;
  #receive: ReceivePeer | undefined;
  #stopTicking: (() => void) | undefined;
  #speech: { frames: OpusFrames; index: number; loop: boolean; spoken: () => void } | undefined;
  #sequence = Math.floor(Math.random() * 0x1_0000);
  #timestamp = Math.floor(Math.random() * 0x1_0000_0000);
  #silent = true;
  #framesSent = 0;
  #backgroundIndex = 0;

  private constructor(options: TestCallerOptions, signaling: SignalingClient, startedMs: number) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? 10_000;
    this.#frameClock = options.frameClock ?? new FrameClock();
    this.#signaling = signaling;
    this.received = new ReceivedAudio(options.keepPackets ?? true);
    this.times = { startedMs, joinStartedMs: undefined, joinedMs: undefined, connectedMs: undefined };
  }

  /** Connects, joins and, unless `media` is false, sets up both tracks. @throws RefusedError. */
  static async dial(options: TestCallerOptions): Promise<TestCaller> {
    const startedMs = performance.now();
    const signaling = await SignalingClient.connect(options);
    const caller = new TestCaller(options, signaling, startedMs);
    try {
      await caller.join(false);
      if (options.media ?? true) await caller.connectMedia();
      return caller;
    } catch (error) {
      await caller.close();
      throw error;
    }
  }

  get signaling(): SignalingClient {
    return this.#signaling;
  }

  get joined(): JoinAnswer {
    if (!this.#joined) throw new Error('Not joined');
    return this.#joined;
  }

  get framesSent(): number {
    return this.#framesSent;
  }

  async join(keepTransports: boolean): Promise<JoinAnswer> {
    this.times.joinStartedMs ??= performance.now();
    this.#joined = await this.#signaling.request('call:join', {
      protocol: PROTOCOL_VERSION,
      keep_transports: keepTransports,
    });
    this.times.joinedMs ??= performance.now();
    return this.#joined;
  }

  /** Sets both directions up, as a page does: at the same time. */
  async connectMedia(): Promise<void> {
    const { transports } = this.joined;
    if (!transports) throw new Error('The join kept the earlier transports');
    const protocol = this.#options.protocol ?? 'udp';
    const { mediaPort, nack = false } = this.#options;
    const send = new SendPeer(parseTransport(transports.send, protocol, mediaPort), protocol, { nack });
    this.#send = send;
    const receive = parseTransport(transports.receive, protocol, mediaPort);
    await Promise.all([this.#produce(send), this.#consume(receive, protocol, nack)]);
    this.times.connectedMs ??= performance.now();
    this.#stopTicking ??= this.#frameClock.every20Ms(() => this.#tick());
  }

  /**
   * Says the frames (Opus, 20 ms each) in real time; resolves after the last one. Between speeches nothing is sent, as
   * with DTX, and the RTP timestamp goes on.
   */
  async speak(frames: OpusFrames): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#speech?.spoken();
    this.#speech = { frames, index: 0, loop: false, spoken: resolve };
    await promise;
  }

  /** Says the frames again and again, beginning with frame `from`. */
  speakForEver(frames: OpusFrames, from = 0): void {
    this.#speech?.spoken();
    this.#speech = { frames, index: from % frames.length, loop: true, spoken: () => {} };
  }

  fallSilent(): void {
    this.#speech?.spoken();
    this.#speech = undefined;
  }

  /** Resolves when `packets` have come from the tutor in all. */
  async hear(packets: number, deadlineMs = this.#deadlineMs): Promise<void> {
    await within(this.received.atLeast(packets), deadlineMs, `${packets} packets from the tutor`);
  }

  /** Bytes that are no proper RTP packet, through the encrypted transport. */
  sendBroken(packet: Buffer): void {
    this.#send?.sendRaw(packet);
  }

  async restartIce(): Promise<void> {
    await Promise.all(
      [this.#send, this.#receive].map(async (peer) => {
        if (!peer) return;
        const answer = await this.#signaling.request('ice:restart', { transport_id: peer.transportId });
        await peer.restartIce(answer.ice_parameters as IceParameters, this.#deadlineMs);
      }),
    );
  }

  /** The signaling's connection breaks; media goes on. */
  dropSignaling(): void {
    this.#signaling.close();
  }

  /** Comes back after `dropSignaling`, with the same transports. */
  async returnSignaling(token = this.#options.token): Promise<JoinAnswer> {
    this.#signaling = await SignalingClient.connect({ ...this.#options, token });
    return await this.join(true);
  }

  async hangUp(): Promise<RequestAnswers['call:hang-up']> {
    return await this.#signaling.request('call:hang-up', {});
  }

  /** Idempotent. Without a hang-up the call waits for us on the other side. */
  async close(): Promise<void> {
    await this.#closeMedia();
    this.#signaling.close();
  }

  async #closeMedia(): Promise<void> {
    this.#stopTicking?.();
    this.#stopTicking = undefined;
    this.fallSilent();
    await Promise.all([this.#send?.close(), this.#receive?.close()]);
  }

  async #produce(peer: SendPeer): Promise<void> {
    const { fingerprint, rtpParameters } = await peer.offer();
    await this.#signaling.request('transport:connect', {
      transport_id: peer.transportId,
      dtls_parameters: { role: 'client', fingerprints: [fingerprint] },
    });
    await Promise.all([
      this.#signaling.request('track:produce', {
        transport_id: peer.transportId,
        kind: 'audio',
        rtp_parameters: rtpParameters,
      }),
      peer.connect(this.#deadlineMs),
    ]);
  }

  async #consume(remote: RemoteTransport, protocol: 'udp' | 'tcp', nack: boolean): Promise<void> {
    const consumed = await this.#signaling.request('track:consume', { rtp_capabilities: rtpCapabilities(nack) });
    const missing = nack ? new MissingPackets() : undefined;
    const peer = new ReceivePeer(remote, protocol, consumed, ({ header, payload }) => {
      const packet = {
        atMs: performance.now(),
        sequence: header.sequenceNumber,
        timestamp: header.timestamp,
        marker: header.marker,
        payload,
      };
      this.received.add(packet);
      this.#options.onPacket?.(packet);
      const lost = missing?.after(header.sequenceNumber) ?? [];
      if (lost.length > 0) peer.askAgain(header.ssrc, lost);
    });
    this.#receive = peer;
    const fingerprint = await peer.answer();
    await this.#signaling.request('transport:connect', {
      transport_id: remote.id,
      dtls_parameters: { role: 'client', fingerprints: [fingerprint] },
    });
    await peer.connected(this.#deadlineMs);
    await this.#signaling.request('track:resume', {});
  }

  #tick(): void {
    this.#timestamp = (this.#timestamp + SAMPLES_PER_FRAME) >>> 0;
    const frame = this.#nextFrame();
    if (!frame) {
      this.#silent = true;
      return;
    }
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#framesSent++;
    this.#send?.send(this.#sequence, this.#timestamp, this.#silent, frame);
    this.#silent = false;
  }

  #nextFrame(): Uint8Array | undefined {
    const speech = this.#speech;
    if (!speech) {
      const { background } = this.#options;
      return background?.[this.#backgroundIndex++ % background.length];
    }
    const frame = speech.frames[speech.index++];
    if (speech.index >= speech.frames.length) {
      if (speech.loop) speech.index = 0;
      else this.fallSilent();
    }
    return frame;
  }
}
