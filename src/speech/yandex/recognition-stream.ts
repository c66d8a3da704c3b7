import { status, type StatusObject } from '@grpc/grpc-js';
import { CodeType, type StreamingOptions, type StreamingResponse } from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt';

import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import {
  ENGINE_FRAME_SAMPLES,
  type EngineError,
  type TranscriptionEvent,
  type TranscriptionStream,
} from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { PreRoll } from '../pre-roll.ts';
import { type RecognitionCall, RecognitionSession } from './recognition-session.ts';
import type { RecognitionLimits } from './recognition-limits.ts';
import { describeStatus, engineError, errorOfStatus } from './status.ts';
import { Utterance } from './utterance.ts';

const FRAME_MS = 20;
const FRAME_BYTES = ENGINE_FRAME_SAMPLES * 2;
/** As far back as an utterance may begin before it is noticed. */
const PRE_ROLL_FRAMES = 1_000 / FRAME_MS;
/** So much silence at once tells the service's own classifier that the speaker has finished. */
const END_SILENCE_MS = 1_500;
/** After so many finals without a refinement in time, nobody waits for the next one. */
const MAX_MISSED_REFINEMENTS = 2;

export interface RecognitionStreamOptions {
  readonly openCall: () => { readonly call: RecognitionCall; readonly requestId: string };
  readonly connected: () => boolean;
  readonly session: StreamingOptions;
  /** Who decides that an utterance is over: `caller` asks for each final, `service` listens for the end itself. */
  readonly endpointing: 'caller' | 'service';
  readonly refinements: boolean;
  readonly limits: RecognitionLimits;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
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
  #session: RecognitionSession | undefined;
  readonly #sessions = new Set<RecognitionSession>();
  /** Those without a final, oldest first; only the last may still be spoken. */
  readonly #utterances: Utterance[] = [];
  readonly #homes = new Map<Utterance, RecognitionSession>();
  #spoken: Utterance | undefined;
  #frames: Int16Array[] = [];
  #handOver: HandOver | undefined;
  #connectTimer: Timer | undefined;
  #heardAtMs = 0;
  #missedRefinements = 0;
  #closed = false;

  constructor(options: RecognitionStreamOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (options.signal.aborted) this.close();
    else this.#currentSession();
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
    const session = this.#currentSession();
    if (!session) return;
    const utterance = new Utterance();
    this.#utterances.push(utterance);
    this.#homes.set(utterance, session);
    this.#spoken = utterance;
    this.#heardAtMs = this.#options.clock.monotonicMs();
    this.#deliver(() => utterance.enter(this.#homeOf(utterance)?.audioMs ?? 0));
    this.#preRoll.drain(Math.ceil(Math.max(0, prefixMs) / FRAME_MS), (frame) => this.#frames.push(frame.slice()));
    this.#flush(utterance);
  }

  endUtterance(): void {
    const utterance = this.#spoken;
    if (this.#closed || !utterance) return;
    this.#flush(utterance);
    this.#spoken = undefined;
    const { clock, limits } = this.#options;
    utterance.stoppedAtMs = clock.monotonicMs();
    utterance.finalTimer = clock.after(limits.finalDeadlineMs, () => this.#finalIsLate(utterance));
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

  #currentSession(): RecognitionSession | undefined {
    if (this.#session && !this.#session.ended) return this.#session;
    return this.#openSession();
  }

  #openSession(): RecognitionSession | undefined {
    const { clock, limits, log, session: options } = this.#options;
    const { call, requestId } = this.#options.openCall();
    const session: RecognitionSession = new RecognitionSession({
      call,
      requestId,
      options,
      clock,
      keepAliveMs: limits.keepAliveMs,
      onResponse: (response) => this.#receive(session, response),
      onEnd: (end) => this.#sessionEnded(session, end),
    });
    log.debug({ requestId }, 'A recognition session opened');
    this.#session = session;
    this.#sessions.add(session);
    this.#connectTimer?.cancel();
    this.#connectTimer = clock.after(limits.connectDeadlineMs, () => {
      if (session.ended || session.lastHeardAtMs !== undefined || this.#options.connected()) return;
      this.fail(engineError('engine_timed_out', 'SpeechKit could not be connected to in time.'));
    });
    return session;
  }

  /** Between utterances a session is replaced early, when nothing hangs on it. */
  #renewWhenQuiet(): void {
    const session = this.#session;
    if (!session || this.#handOver || !this.#isOld(session, 'soft')) return;
    session.finish();
    this.#openSession();
    this.#dropIdleSessions();
  }

  #isOld(session: RecognitionSession, kind: 'soft' | 'hard'): boolean {
    const { maxAgeMs, maxBytes } = this.#options.limits[kind];
    return session.ageMs >= maxAgeMs || session.audioBytes >= maxBytes;
  }

  /** A finished session is kept while an utterance waits for it. */
  #dropIdleSessions(): void {
    for (const session of this.#sessions) {
      if (session === this.#session || session === this.#handOver?.from) continue;
      if (this.#utterancesOf(session).length > 0) continue;
      this.#sessions.delete(session);
      session.leave();
    }
  }

  #sessionEnded(session: RecognitionSession, end: StatusObject): void {
    const current = this.#session === session;
    this.#sessions.delete(session);
    if (current) this.#session = undefined;
    if (this.#closed) return;
    const waiting = this.#utterancesOf(session);
    const { log } = this.#options;
    const { requestId } = session;
    if (end.code !== status.OK) {
      log.warn({ requestId, ...describeStatus(end, { mayQuote: false }) }, 'A recognition session failed');
      if (waiting.length > 0 || current) this.fail(errorOfStatus(end.code, end));
      return;
    }
    log.debug({ requestId }, 'A recognition session ended');
    if (this.#handOver?.from === session) {
      this.#finishHandOver();
      return;
    }
    this.#concludeAll(waiting);
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
    const session = this.#homeOf(utterance);
    if (!session) return;
    utterance.keepAudio(session.audioMs, data);
    session.sendAudio(data);
    const { framesPerMessage, maxUnsentMs } = this.#options.limits;
    if (session.unsentMessages * framesPerMessage * FRAME_MS > maxUnsentMs) {
      this.fail(engineError('engine_timed_out', 'SpeechKit does not take the audio as fast as it is spoken.'));
    } else if (this.#isOld(session, 'hard')) this.#startHandOver(utterance, session);
  }

  #askForFinal(utterance: Utterance): void {
    const session = this.#homeOf(utterance);
    if (utterance.done || !session) return;
    utterance.spokenUntilMs = session.audioMs;
    if (!utterance.audioSent) this.#conclude(utterance);
    else if (this.#options.endpointing === 'caller') session.sendEndOfUtterance();
    else {
      session.sendSilence(END_SILENCE_MS);
      const { clock, limits } = this.#options;
      utterance.emptyTimer = clock.after(limits.emptyDeadlineMs, () => {
        const settled = !utterance.heardAnything || utterance.endedByService;
        if (settled && session.lastHeardAtMs !== undefined) this.#conclude(utterance);
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
    this.#openSession();
    log.debug({ from: from.requestId, to: this.#session?.requestId }, 'Speech goes on in another session');
  }

  #finishHandOver(): void {
    const handOver = this.#handOver;
    const next = this.#currentSession();
    if (!handOver || !next) return;
    const { utterance, deadline, held } = handOver;
    this.#handOver = undefined;
    deadline.cancel();
    const { again, utteranceMs } = utterance.handOn();
    const left = this.#utterancesOf(handOver.from);
    const place = left.indexOf(utterance);
    this.#concludeAll(left.slice(0, place));
    // Those after it are among what was held.
    for (const moved of left.slice(place)) this.#homes.set(moved, next);
    utterance.enter(next.audioMs, utteranceMs);
    for (const data of again) {
      utterance.keepAudio(next.audioMs, data);
      next.sendAudio(data);
    }
    this.#dropIdleSessions();
    for (const action of held) if (!this.#closed) this.#deliver(action);
  }

  // ── What the server says ──────────────────────────────────────────────────────────────────

  #receive(session: RecognitionSession, response: StreamingResponse): void {
    this.#heardAtMs = this.#options.clock.monotonicMs();
    const { partial, final, eouUpdate, finalRefinement, statusCode, audioCursors } = response;
    const current = this.#utterancesOf(session).find((utterance) => !utterance.concluded);
    if (partial && current) {
      const text = current.takePartial(partial.alternatives[0]?.text ?? '');
      if (text !== undefined) {
        current.endedByService = false;
        if (current === this.#utterances[0]) this.#queue.push({ type: 'partial', text });
      }
    } else if (final && current) {
      current.takeFinal(audioCursors?.finalIndex ?? 0, final);
    } else if (finalRefinement) {
      this.#missedRefinements = 0;
      for (const utterance of this.#utterancesOf(session)) {
        if (!utterance.takeRefinement(finalRefinement.finalIndex, finalRefinement)) continue;
        if (utterance.concluded && utterance.allRefined) this.#answer(utterance);
        break;
      }
    } else if (eouUpdate && current) {
      // One that comes after its utterance was given up belongs to no later one.
      if (eouUpdate.timeMs === 0 || eouUpdate.timeMs >= current.startedAtMs) {
        this.#endWasNoticed(current, audioCursors?.receivedDataMs ?? Infinity);
      }
    } else if (statusCode?.codeType === CodeType.WARNING) {
      this.#options.log.debug({ requestId: session.requestId, detail: statusCode.message }, 'SpeechKit warns');
    }
  }

  #endWasNoticed(utterance: Utterance, receivedMs: number): void {
    if (this.#handOver?.utterance === utterance) {
      utterance.concluded = false;
      this.#finishHandOver();
    } else if (this.#options.endpointing === 'caller' || receivedMs >= utterance.spokenUntilMs) {
      if (utterance.stoppedAtMs !== undefined) this.#conclude(utterance);
    } else if (utterance.heardAnything) {
      utterance.endedByService = true;
      if (utterance === this.#utterances[0]) this.#queue.push({ type: 'end_of_utterance' });
    }
  }

  /** Their session says no more: what it said of them is all that it understood. */
  #concludeAll(utterances: readonly Utterance[]): void {
    for (const utterance of utterances) {
      if (utterance.stoppedAtMs !== undefined) this.#conclude(utterance);
    }
  }

  /** All its finals are here; their refinements may follow. */
  #conclude(utterance: Utterance): void {
    if (utterance.concluded) return;
    utterance.concluded = true;
    utterance.finalTimer?.cancel();
    const { refinements, clock, limits } = this.#options;
    const patient = refinements && this.#missedRefinements < MAX_MISSED_REFINEMENTS;
    if (!patient || utterance.allRefined || this.#homeOf(utterance)?.ended !== false) {
      this.#answer(utterance);
      return;
    }
    utterance.refinementTimer = clock.after(limits.refinementDeadlineMs, () => {
      this.#missedRefinements++;
      this.#answer(utterance);
    });
  }

  /** Finals leave in the order of their utterances. */
  #answer(utterance: Utterance): void {
    utterance.done = true;
    utterance.cancelTimers();
    for (let first = this.#utterances[0]; first?.done; first = this.#utterances[0]) {
      this.#utterances.shift();
      this.#homes.delete(first);
      this.#queue.push({ type: 'final', ...first.result() });
    }
    this.#dropIdleSessions();
  }

  /** Where nothing was said there may be nothing to answer; where words were, they are lost. */
  #finalIsLate(utterance: Utterance): void {
    const lastHeardAtMs = this.#homeOf(utterance)?.lastHeardAtMs ?? -1;
    if (!utterance.heardAnything && lastHeardAtMs >= (utterance.stoppedAtMs ?? Infinity)) this.#conclude(utterance);
    else this.fail(engineError('engine_timed_out', 'SpeechKit did not answer in time.'));
  }

  #homeOf(utterance: Utterance): RecognitionSession | undefined {
    return this.#homes.get(utterance);
  }

  #utterancesOf(session: RecognitionSession): Utterance[] {
    return this.#utterances.filter((utterance) => this.#homes.get(utterance) === session);
  }

  #release({ peacefully }: { readonly peacefully: boolean }): void {
    this.#closed = true;
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#connectTimer?.cancel();
    this.#handOver?.deadline.cancel();
    for (const utterance of this.#utterances) utterance.cancelTimers();
    for (const session of this.#sessions) {
      if (peacefully && this.#utterancesOf(session).length === 0) session.leave();
      else session.cancel();
    }
    this.#sessions.clear();
    this.#session = undefined;
    this.#options.onClosed(this);
  }
}
