import type { StatusObject } from '@grpc/grpc-js';
import type { StreamingOptions, StreamingResponse } from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt';

import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { StartedCall } from './channel.ts';
import type { RecognitionLimits } from './recognition-limits.ts';
import { type RecognitionCall, RecognitionSession } from './recognition-session.ts';

export interface SessionSource {
  readonly openCall: () => StartedCall<RecognitionCall>;
  readonly session: StreamingOptions;
  readonly limits: RecognitionLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface SessionRowOptions extends SessionSource {
  readonly onResponse: (session: RecognitionSession, response: StreamingResponse) => void;
  /** `current`: it was the one that is spoken to. */
  readonly onEnd: (session: RecognitionSession, end: StatusObject, current: boolean) => void;
  /** No connection came in time. */
  readonly onUnconnected: () => void;
}

/** The sessions of one ear: the one that is spoken to, and finished ones that still owe an answer. */
export class SessionRow {
  readonly #options: SessionRowOptions;
  readonly #sessions = new Set<RecognitionSession>();
  #current: RecognitionSession | undefined;
  #connectTimer: Timer | undefined;

  constructor(options: SessionRowOptions) {
    this.#options = options;
  }

  /** The one that is spoken to, also when it has ended. */
  get last(): RecognitionSession | undefined {
    return this.#current;
  }

  /** The one that is spoken to, open. */
  get current(): RecognitionSession {
    return this.#current && !this.#current.ended ? this.#current : this.open();
  }

  /** Another one takes the current one's place. */
  open(): RecognitionSession {
    const { clock, limits, log, session: options, onResponse, onUnconnected } = this.#options;
    const { call, requestId, connected } = this.#options.openCall();
    const session: RecognitionSession = new RecognitionSession({
      call,
      requestId,
      options,
      clock,
      keepAliveMs: limits.keepAliveMs,
      onResponse: (response) => onResponse(session, response),
      onWarning: (detail) => log.debug({ requestId, detail }, 'SpeechKit warns'),
      onEnd: (end) => this.#ended(session, end),
    });
    log.debug({ requestId }, 'A recognition session opened');
    this.#current = session;
    this.#sessions.add(session);
    this.#connectTimer?.cancel();
    this.#connectTimer = clock.after(limits.connectDeadlineMs, () => {
      if (!session.ended && session.lastHeardAtMs === undefined && !connected()) onUnconnected();
    });
    return session;
  }

  isOld(session: RecognitionSession, kind: 'soft' | 'hard'): boolean {
    const { maxAgeMs, maxBytes } = this.#options.limits[kind];
    return session.ageMs >= maxAgeMs || session.audioBytes >= maxBytes;
  }

  /** A finished session is kept while somebody waits for it. */
  dropIdle(isAwaited: (session: RecognitionSession) => boolean): void {
    for (const session of this.#sessions) {
      if (session === this.#current || isAwaited(session)) continue;
      this.#sessions.delete(session);
      session.leave();
    }
  }

  /** Ends them all: in peace, or at once where something of it is still to come. */
  close(inPeace: (session: RecognitionSession) => boolean): void {
    this.#connectTimer?.cancel();
    for (const session of this.#sessions) {
      if (inPeace(session)) session.leave();
      else session.cancel();
    }
    this.#sessions.clear();
    this.#current = undefined;
  }

  #ended(session: RecognitionSession, end: StatusObject): void {
    const current = this.#current === session;
    this.#sessions.delete(session);
    if (current) this.#current = undefined;
    this.#options.onEnd(session, end, current);
  }
}
