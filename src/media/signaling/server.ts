import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import type { Clock } from '../../platform/clock.ts';
import { AppError, toAppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { CallAdmission } from '../call/call-port.ts';
import { Connection, type CallTokenSubject } from './connection.ts';
import { RateLimit, type SignalingLimits, signalingLimits } from './limits.ts';
import { toErrorMessage, tokenMissing, tooManyConnections } from './reply.ts';
import { isSameOrigin } from './same-origin.ts';
import { createSignalingMetrics, type SignalingMetrics } from './signaling-metrics.ts';

export interface SignalingOptions {
  readonly httpServer: HttpServer;
  /** Of socket.io, for example `/rtc/media-0/socket.io`. */
  readonly path: string;
  /** @throws AppError `token_invalid` and the like. */
  readonly verifyToken: (token: string) => Promise<CallTokenSubject>;
  readonly calls: CallAdmission;
  readonly limits?: Partial<SignalingLimits>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const MAX_MESSAGE_BYTES = 64 * 1_024;
const MAX_TOKEN_LENGTH = 4_096;

/**
 * The pages' way to their calls, over socket.io on a given HTTP server.
 *
 * socket.io's own connection state recovery stays off: it brings a connection back without asking for the token
 * again, and repeats missed events that the answer to `call:join` carries anyway, from any connection.
 */
export class SignalingServer {
  readonly #options: SignalingOptions;
  readonly #limits: SignalingLimits;
  readonly #server: Server;
  readonly #messages: RateLimit;
  readonly #soundMessages: RateLimit;
  readonly #voiceOpenings: RateLimit;
  readonly #newConnections: RateLimit;
  readonly #metrics: SignalingMetrics;
  readonly #connectionsOfUser = new Map<string, number>();
  #closing: Promise<void> | undefined;

  private constructor(options: SignalingOptions) {
    this.#options = options;
    this.#limits = { ...signalingLimits, ...options.limits };
    this.#metrics = createSignalingMetrics(options.metrics);
    this.#messages = new RateLimit(this.#limits.messages);
    this.#soundMessages = new RateLimit(this.#limits.soundMessages);
    this.#voiceOpenings = new RateLimit(this.#limits.voiceOpenings);
    this.#newConnections = new RateLimit(this.#limits.newConnections);
    this.#server = new Server(options.httpServer, {
      path: options.path,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      // A lost network shows after both together, that is within 10 s.
      pingInterval: 5_000,
      pingTimeout: 5_000,
      connectTimeout: 10_000,
      serveClient: false,
      allowRequest: (request, decide) => {
        const refusal = this.#closing ? 'closing' : isSameOrigin(request) ? undefined : 'origin_forbidden';
        if (refusal) this.#metrics.refusedConnections.inc({ code: refusal });
        decide(refusal, refusal === undefined);
      },
    });
    this.#server.use((socket, next) => void this.#admit(socket, next));
    this.#server.on('connection', (socket) => this.#accept(socket));
  }

  /** Begins to serve on the given HTTP server, which may be listening already. */
  static attach(options: SignalingOptions): SignalingServer {
    return new SignalingServer(options);
  }

  get connections(): number {
    return this.#server.sockets.sockets.size;
  }

  /** Disconnects every page and takes no new one. The HTTP server is left to its owner. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    this.#server.disconnectSockets(true);
    this.#server.engine.close();
  }

  async #admit(socket: Socket, next: (refusal?: Error) => void): Promise<void> {
    let refusal: Error | undefined;
    try {
      await this.#authenticate(socket);
    } catch (thrown) {
      refusal = this.#refusal(thrown);
    }
    next(refusal);
  }

  async #authenticate(socket: Socket): Promise<void> {
    const token: unknown = socket.handshake.auth['token'];
    if (typeof token !== 'string' || token === '' || token.length > MAX_TOKEN_LENGTH) throw tokenMissing();
    const subject = await this.#options.verifyToken(token);
    this.#assertRoomFor(subject.userId);
    if (!(await this.#newConnections.allows(subject.userId))) throw tooManyConnections();
    socket.data = subject;
  }

  #refusal(thrown: unknown): Error {
    const error = toAppError(thrown);
    this.#metrics.refusedConnections.inc({ code: error.code });
    if (!(thrown instanceof AppError)) this.#options.log.error({ err: thrown }, 'A token could not be verified');
    return Object.assign(new Error(error.code), { data: toErrorMessage(error) });
  }

  #accept(socket: Socket): void {
    const subject = socket.data as CallTokenSubject;
    try {
      // Again, because others of the same user may have been let through at the same time.
      this.#assertRoomFor(subject.userId);
    } catch (error) {
      this.#metrics.refusedConnections.inc({ code: toAppError(error).code });
      socket.disconnect(true);
      return;
    }
    this.#count(subject.userId, 1);
    this.#metrics.connections.inc();
    socket.once('disconnect', (reason) => {
      this.#count(subject.userId, -1);
      this.#metrics.connections.dec();
      void this.#messages.forget(socket.id);
      void this.#soundMessages.forget(socket.id);
      log.debug({ reason }, 'A page is gone');
    });
    const log = this.#options.log.child({ callId: subject.callId, connection: socket.id });
    Connection.serve({
      socket,
      subject,
      calls: this.#options.calls,
      allowMessage: (sound) => (sound ? this.#soundMessages : this.#messages).allows(socket.id),
      allowVoiceOpening: () => this.#voiceOpenings.allows(subject.callId),
      onExpelled: (code) => this.#metrics.refusedConnections.inc({ code }),
      limits: this.#limits,
      clock: this.#options.clock,
      log,
      metrics: this.#metrics,
    });
  }

  #assertRoomFor(userId: string): void {
    if ((this.#connectionsOfUser.get(userId) ?? 0) >= this.#limits.connectionsPerUser) throw tooManyConnections();
  }

  #count(userId: string, step: 1 | -1): void {
    const count = (this.#connectionsOfUser.get(userId) ?? 0) + step;
    if (count > 0) this.#connectionsOfUser.set(userId, count);
    else this.#connectionsOfUser.delete(userId);
  }
}
