import type { Socket } from 'socket.io';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import { toAppError } from '../../platform/errors.ts';
import type { CallAdmission, CallClient, SignaledCall } from '../call/call-port.ts';
import type { JoinAnswer, Reply, RequestAnswers, RequestName } from '../protocol.ts';
import { handleRequest, isRequestName, parsePayload } from './handlers.ts';
import {
  alreadyJoined,
  messageInvalid,
  messageUnknown,
  notJoined,
  refuse,
  requestTimedOut,
  tooManyMessages,
  tooManyVoiceOpenings,
} from './reply.ts';
import type { SignalingMetrics } from './signaling-metrics.ts';

export interface CallTokenSubject {
  readonly callId: string;
  readonly userId: string;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly subject: CallTokenSubject;
  readonly calls: CallAdmission;
  /** Counts one message; false when there were too many of them. `sound`: one of those that carry the voice. */
  readonly allowMessage: (sound: boolean) => Promise<boolean>;
  /** Counts one opening of the call's voice over the socket; false when there were too many of them. */
  readonly allowVoiceOpening: () => Promise<boolean>;
  /** Ends the connection from our side. */
  readonly onExpelled: (code: string) => void;
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SignalingMetrics;
}

export interface ConnectionLimits {
  /** From connecting to having joined. */
  readonly joinDeadlineMs: number;
  /** For the call's answer to a request. */
  readonly requestDeadlineMs: number;
  /** How long the connection of an ended call stays, for the page's last requests. */
  readonly endedLingerMs: number;
}

type Stage =
  | { readonly name: 'waiting' }
  | { readonly name: 'joining' }
  | { readonly name: 'joined'; readonly call: SignaledCall }
  | { readonly name: 'gone' };

/** Come many times a second while the voice goes over the socket. */
const SOUND_MESSAGES: ReadonlySet<RequestName | 'unknown'> = new Set(['voice:chunk', 'voice:played']);

/** Whatever a page sends as one event: a name, payloads, and perhaps the function that answers. */
type Message = readonly unknown[];

/** One page's connection: waits for the join, hands requests to the call, and carries the call's events out. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #client: CallClient;
  readonly #timers = new Set<Timer>();
  #stage: Stage = { name: 'waiting' };
  #expelled = false;

  private constructor(options: ConnectionOptions) {
    this.#options = options;
    const { socket, limits } = options;
    this.#client = {
      send: (name, payload) => {
        if (this.#stage.name === 'gone') return;
        socket.emit(name, payload);
        if (name === 'call:ended') this.#after(limits.endedLingerMs, () => this.#expel('call_ended'));
      },
      takenOver: () => this.#takenOver(),
    };
    // Messages are taken here and go no further: nothing that comes from outside becomes an event of the socket.
    socket.use((message) => void this.#receive(message));
    socket.once('disconnect', () => this.#gone());
    this.#after(limits.joinDeadlineMs, () => {
      if (this.#stage.name === 'waiting' || this.#stage.name === 'joining') this.#expel('join_timeout');
    });
  }

  /** Serves the socket as long as it is connected. */
  static serve(options: ConnectionOptions): Connection {
    return new Connection(options);
  }

  /** Takes one message and answers it; never rejects. */
  async #receive(message: Message): Promise<void> {
    const last = message.at(-1);
    const answer = typeof last === 'function' ? (reply: Reply<unknown>) => last(reply) : () => {};
    const [name, ...payloads] = typeof last === 'function' ? message.slice(0, -1) : message;
    const { clock, metrics, log } = this.#options;
    const startedMs = clock.monotonicMs();
    const request = isRequestName(name) ? name : 'unknown';
    try {
      if (!(await this.#options.allowMessage(SOUND_MESSAGES.has(request)))) {
        answer(refuse(tooManyMessages()));
        metrics.requests.inc({ request, code: 'too_many_messages' });
        this.#expel('too_many_messages');
        return;
      }
      if (!isRequestName(name)) throw messageUnknown();
      if (payloads.length !== 1) throw messageInvalid([]);
      answer({ ok: true, data: await this.#withinDeadline(this.#handle(name, payloads[0])) });
      metrics.requests.inc({ request, code: 'ok' });
    } catch (thrown) {
      const error = toAppError(thrown);
      answer(refuse(error));
      metrics.requests.inc({ request, code: error.code });
      if (error.kind === 'internal') log.error({ request, err: thrown }, 'A request failed');
      else log.debug({ request, code: error.code }, 'A request was refused');
    } finally {
      metrics.requestSeconds.observe({ request }, (clock.monotonicMs() - startedMs) / 1_000);
    }
  }

  async #handle(name: RequestName, payload: unknown): Promise<RequestAnswers[RequestName]> {
    if (name === 'call:join') return await this.#join(payload);
    if (name === 'voice:open' && !(await this.#options.allowVoiceOpening())) throw tooManyVoiceOpenings();
    if (this.#stage.name !== 'joined') throw notJoined();
    return await handleRequest(name, this.#stage.call, payload);
  }

  async #join(payload: unknown): Promise<JoinAnswer> {
    const { keep_transports } = parsePayload('call:join', payload);
    if (this.#stage.name !== 'waiting') throw alreadyJoined();
    this.#stage = { name: 'joining' };
    const { calls, subject, log } = this.#options;
    try {
      const call = await calls.admit(subject.callId, subject.userId);
      if (this.#isGone()) throw notJoined();
      const answer = await call.join(this.#client, { keepTransports: keep_transports });
      if (this.#isGone()) {
        call.detach(this.#client);
        throw notJoined();
      }
      this.#stage = { name: 'joined', call };
      log.info({ resumed: answer.resumed, keptTransports: answer.transports === null }, 'A page joined');
      return answer;
    } catch (error) {
      if (!this.#isGone()) this.#stage = { name: 'waiting' };
      throw error;
    }
  }

  #takenOver(): void {
    if (this.#stage.name === 'gone') return;
    this.#options.socket.emit('call:taken-over', {});
    // The call has another page now: this one's going is nothing to it.
    this.#stage = { name: 'gone' };
    this.#expel('taken_over');
  }

  #expel(code: string): void {
    if (this.#expelled) return;
    this.#expelled = true;
    this.#options.onExpelled(code);
    this.#options.log.info({ code }, 'A page was disconnected');
    this.#options.socket.disconnect(true);
  }

  #gone(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    const stage = this.#stage;
    this.#stage = { name: 'gone' };
    if (stage.name === 'joined') stage.call.detach(this.#client);
  }

  /** Reads the stage anew: the compiler does not see that an await lets it change. */
  #isGone(): boolean {
    return this.#stage.name === 'gone';
  }

  #after(delayMs: number, task: () => void): Timer {
    const timer = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      task();
    });
    this.#timers.add(timer);
    return timer;
  }

  async #withinDeadline<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#after(this.#options.limits.requestDeadlineMs, () => reject(requestTimedOut()));
    try {
      return await Promise.race([answer, late]);
    } finally {
      timer.cancel();
      this.#timers.delete(timer);
    }
  }
}
