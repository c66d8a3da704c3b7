import { status, type StatusObject } from '@grpc/grpc-js';

import type { Timer } from '../../platform/clock.ts';
import {
  ENGINE_FRAME_SAMPLES,
  type EngineError,
  type TranscriptionEvent,
  type TranscriptionStream,
} from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { PreRoll } from '../pre-roll.ts';
import type { RecognitionSession } from './recognition-session.ts';
import { SessionRow, type SessionSource } from './session-row.ts';
import { describeStatus, engineError, errorOfStatus } from './status.ts';
import type { Utterance } from './utterance.ts';
import { UtteranceRow, type UtteranceRowOptions } from './utterance-row.ts';

const FRAME_MS = 20;
const FRAME_BYTES = ENGINE_FRAME_SAMPLES * 2;
/** As far back as an utterance may begin before it is noticed. */
const PRE_ROLL_FRAMES = 1_000 / FRAME_MS;
/** So much silence at once tells the service's own classifier that the speaker has finished. */
const END_SILENCE_MS = 1_500;

export interface RecognitionStreamOptions extends SessionSource {
  readonly endpointing: UtteranceRowOptions['endpointing'];
  readonly refinements: boolean;
  readonly signal: AbortSignal;
  readonly onClosed: (stream: RecognitionStream) => void;
}

/** An utterance is amid a session that must end: the old session is asked for what it understood so far. */
interface HandOver {
  readonly from: RecognitionSession;
  readonly utterance: Utterance;
  readonly deadline: Timer;
  /** What was to be sent meanwhile. */
  readonly held: (() => void)[];
}

/** One caller's ear: a row of sessions, each replaced before it is too old. */
export class RecognitionStream implements TranscriptionStream {
  readonly #options: RecognitionStreamOptions;
  readonly #queue = new EventQueue<TranscriptionEvent>();
  readonly #preRoll = new PreRoll({ frames: PRE_ROLL_FRAMES, frameSamples: ENGINE_FRAME_SAMPLES });
  readonly #sessions: SessionRow;
  readonly #utterances: UtteranceRow;
  #spoken: Utterance | undefined;
  #frames: Int16Array[] = [];
  #handOver: HandOver | undefined;
  #heardAtMs = 0;
  #closed = false;

  constructor(options: RecognitionStreamOptions) {
    this.#options = options;
    this.#sessions = new SessionRow({
      ...options,
      onResponse: (session, response) => {
        this.#heardAtMs = options.clock.monotonicMs();
        this.#utterances.receive(session, response);
      },
      onEnd: (session, end, current) => this.#sessionEnded(session, end, current),
      onUnconnected: () => this.fail(engineError('engine_timed_out', 'SpeechKit could not be connected to in time.')),
    });
    this.#utterances = new UtteranceRow({
      ...options,
      emit: (event) => this.#queue.push(event),
      goesOn: (utterance) => this.#goesOn(utterance),
      onAnswered: () => this.#dropIdleSessions(),
      onLate: () => this.fail(engineError('engine_timed_out', 'SpeechKit did not answer in time.')),
    });
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (options.signal.aborted) this.close();
    else this.#sessions.open();
  }

  get events(): AsyncIterable<TranscriptionEvent> {
    return this.#queue;
  }

  write(frame: Int16Array): void {
    if (this.#closed) return;
    const utterance = this.#spoken;
    if (!utterance) {
      this.#preRoll.push(frame);
      this.#renewWhenQuiet();
      return;
    }
    this.#frames.push(frame.slice());
    if (!utterance.audioSent || this.#frames.length >= this.#options.limits.framesPerMessage) this.#flush(utterance);
    this.#watch();
  }

  startUtterance(prefixMs: number): void {
    if (this.#closed || this.#spoken) return;
    this.#renewWhenQuiet();
    const utterance = this.#utterances.begin(this.#sessions.current);
    this.#spoken = utterance;
    this.#heardAtMs = this.#options.clock.monotonicMs();
    this.#deliver(() => utterance.enter(this.#utterances.homeOf(utterance)?.audioMs ?? 0));
    this.#preRoll.drain(Math.ceil(Math.max(0, prefixMs) / FRAME_MS), (frame) => this.#frames.push(frame.slice()));
    this.#flush(utterance);
  }

  endUtterance(): void {
    const utterance = this.#spoken;
    if (this.#closed || !utterance) return;
    this.#flush(utterance);
    this.#spoken = undefined;
    this.#utterances.stop(utterance);
    this.#deliver(() => this.#askForFinal(utterance));
  }

  close(): void {
    if (this.#closed) return;
    this.#release({ peacefully: true });
    this.#queue.endNow();
  }

  /** Ends the stream with an error, as its last event. */
  fail(error: EngineError): void {
    if (this.#closed) return;
    this.#release({ peacefully: false });
    this.#queue.push({ type: 'error', error });
    this.#queue.end();
  }

  readonly #onAbort = (): void => this.close();

  // ── Sessions ──────────────────────────────────────────────────────────────────────────────

  /** Between utterances a session is replaced early, when nothing hangs on it. */
  #renewWhenQuiet(): void {
    const session = this.#sessions.last;
    if (!session || this.#handOver || !this.#sessions.isOld(session, 'soft')) return;
    session.finish();
    this.#sessions.open();
    this.#dropIdleSessions();
  }

  #dropIdleSessions(): void {
    this.#sessions.dropIdle((session) => session === this.#handOver?.from || this.#utterances.of(session).length > 0);
  }

  #sessionEnded(session: RecognitionSession, end: StatusObject, current: boolean): void {
    if (this.#closed) return;
    const waiting = this.#utterances.of(session);
    const { log } = this.#options;
    const { requestId } = session;
    if (end.code !== status.OK) {
      log.warn({ requestId, ...describeStatus(end, { mayQuote: false }) }, 'A recognition session failed');
      // A limit that was reached is told as a wrong request; the next session begins anew.
      const outlived = end.code === status.INVALID_ARGUMENT && this.#sessions.isOld(session, 'soft');
      const error = outlived ? engineError('engine_failed', 'SpeechKit ended a session that was too old.') : undefined;
      if (waiting.length > 0 || current) this.fail(error ?? errorOfStatus(end.code, end));
      return;
    }
    log.debug({ requestId }, 'A recognition session ended');
    if (this.#handOver?.from === session) {
      this.#finishHandOver();
      return;
    }
    this.#utterances.concludeAll(waiting);
    if (waiting.some((utterance) => utterance === this.#spoken)) {
      this.fail(engineError('engine_failed', 'SpeechKit closed the session amid speech.'));
    }
  }

  // ── Audio ─────────────────────────────────────────────────────────────────────────────────

  #flush(utterance: Utterance): void {
    if (this.#frames.length === 0) return;
    const data = Buffer.allocUnsafe(this.#frames.length * FRAME_BYTES);
    for (const [i, frame] of this.#frames.entries()) {
      data.set(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength), i * FRAME_BYTES);
    }
    this.#frames = [];
    utterance.audioSent = true;
    this.#deliver(() => this.#sendAudio(utterance, data));
  }

  #sendAudio(utterance: Utterance, data: Buffer): void {
    const session = this.#utterances.homeOf(utterance);
    if (!session) return;
    utterance.keepAudio(session.audioMs, data);
    session.sendAudio(data);
    const { framesPerMessage, maxUnsentMs } = this.#options.limits;
    if (session.unsentMessages * framesPerMessage * FRAME_MS > maxUnsentMs) {
      this.fail(engineError('engine_timed_out', 'SpeechKit does not take the audio as fast as it is spoken.'));
    } else if (this.#sessions.isOld(session, 'hard')) this.#startHandOver(utterance, session);
  }

  #askForFinal(utterance: Utterance): void {
    const session = this.#utterances.homeOf(utterance);
    if (utterance.done || !session) return;
    utterance.spokenUntilMs = session.audioMs;
    if (!utterance.audioSent) this.#utterances.conclude(utterance);
    else if (this.#options.endpointing === 'caller') session.sendEndOfUtterance();
    else {
      session.sendSilence(END_SILENCE_MS);
      const { clock, limits } = this.#options;
      utterance.emptyTimer = clock.after(limits.emptyDeadlineMs, () => {
        const settled = !utterance.heardAnything || utterance.endedByService;
        if (settled && session.lastHeardAtMs !== undefined) this.#utterances.conclude(utterance);
      });
    }
  }

  /** Somebody speaks and the server says nothing at all: not even that it listens. */
  #watch(): void {
    const quietMs = this.#options.clock.monotonicMs() - this.#heardAtMs;
    if (quietMs > this.#options.limits.stallDeadlineMs) {
      this.fail(engineError('engine_timed_out', 'SpeechKit has stopped answering.'));
    }
  }

  // ── From session to session amid speech ───────────────────────────────────────────────────

  /** Runs it now, or when the next session has heard again what it must. */
  #deliver(action: () => void): void {
    if (this.#handOver) this.#handOver.held.push(action);
    else action();
  }

  #startHandOver(utterance: Utterance, from: RecognitionSession): void {
    if (this.#options.endpointing === 'caller') from.sendEndOfUtterance();
    from.finish();
    const { clock, limits, log } = this.#options;
    const deadline = clock.after(limits.handOverDeadlineMs, () => {
      this.fail(engineError('engine_timed_out', 'SpeechKit did not say what it had understood.'));
    });
    this.#handOver = { from, utterance, deadline, held: [] };
    const { requestId: to } = this.#sessions.open();
    log.debug({ from: from.requestId, to }, 'Speech goes on in another session');
  }

  #finishHandOver(): void {
    const handOver = this.#handOver;
    if (!handOver) return;
    const next = this.#sessions.current;
    const { utterance, deadline, held } = handOver;
    this.#handOver = undefined;
    deadline.cancel();
    const { again, utteranceMs } = utterance.handOn();
    this.#utterances.move(utterance, handOver.from, next);
    utterance.enter(next.audioMs, utteranceMs);
    for (const data of again) {
      utterance.keepAudio(next.audioMs, data);
      next.sendAudio(data);
    }
    this.#dropIdleSessions();
    for (const action of held) if (!this.#closed) this.#deliver(action);
  }

  #goesOn(utterance: Utterance): boolean {
    if (this.#handOver?.utterance !== utterance) return false;
    this.#finishHandOver();
    return true;
  }

  #release({ peacefully }: { readonly peacefully: boolean }): void {
    this.#closed = true;
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#handOver?.deadline.cancel();
    this.#utterances.cancelTimers();
    this.#sessions.close((session) => peacefully && this.#utterances.of(session).length === 0);
    this.#options.onClosed(this);
  }
}
