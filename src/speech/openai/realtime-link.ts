import type { RealtimeClientEvent, SessionUpdateEvent } from 'openai/resources/realtime/realtime';

import type { EngineError, TokenUsage, TutorMessage } from '../engine.ts';
import { engineError, errorOfFailure } from './engine-errors.ts';
import type { OpenAiContext } from './options.ts';
import { type DoneResponse, RealtimeAnswers, type RealtimeAnswersListener } from './realtime-answers.ts';
import type { RealtimeEvent } from './realtime-events.ts';
import { RealtimeSocket } from './realtime-socket.ts';
import { tokenUsageOf } from './realtime-usage.ts';
import { Watchdog } from './watchdog.ts';

export interface RealtimeLinkListener extends RealtimeAnswersListener {
  ready(): void;
  speechStarted(): void;
  speechStopped(): void;
  /** The learner's turn has its place in the conversation. */
  learnerTurn(itemId: string): void;
  heard(itemId: string, text: string, final: boolean): void;
  usage(usage: TokenUsage): void;
  /** So much of the learner's speech was written down; it is charged by its length. */
  transcribed(audioMs: number): void;
  /** The vendor's limit is reached; the link is closed. Perhaps in the middle of an answer. */
  expired(cutAnswer: boolean): void;
  /** The link is closed. */
  failed(error: EngineError): void;
}

export interface RealtimeLinkOptions {
  readonly context: OpenAiContext;
  readonly session: SessionUpdateEvent['session'];
  readonly listener: RealtimeLinkListener;
}

/** Two sides that act at the same moment: nothing is wrong, and nothing is lost. */
const HARMLESS: ReadonlySet<string> = new Set([
  'response_cancel_not_active',
  'conversation_already_has_active_response',
  'input_audio_buffer_commit_empty',
]);

/** Answers of tools alone, or of nothing at all, after which the model is asked to speak. */
const MOST_MUTE_ANSWERS = 2;

/** One session of the vendor, from its opening to its end: what its events mean, and what it is told. */
export class RealtimeLink {
  readonly #context: OpenAiContext;
  readonly #listener: RealtimeLinkListener;
  readonly #socket: RealtimeSocket;
  readonly #watchdog: Watchdog;
  readonly openedAtMs: number;
  readonly #answers: RealtimeAnswers;
  /** The learner's turn ended, or an answer was asked for; none has begun. */
  #awaiting = false;
  /** An answer could not begin because another was under way. */
  #owed = false;
  /** In a row. */
  #muteAnswers = 0;
  #speaking = false;
  #ready = false;
  #closed = false;
  /** Turns whose words are still to come. */
  readonly #untranscribed = new Map<string, SpokenTurn>();
  #turn: SpokenTurn | undefined;

  constructor({ context, session, listener }: RealtimeLinkOptions) {
    this.#context = context;
    this.#listener = listener;
    this.#answers = new RealtimeAnswers({ listener, send: (event) => this.#send(event) });
    this.openedAtMs = context.clock.monotonicMs();
    this.#watchdog = new Watchdog(context.clock, () =>
      this.#fail(engineError('engine_timed_out', 'OpenAI did not answer in time.')),
    );
    this.#socket = new RealtimeSocket({
      context,
      query: { model: context.models.realtime },
      session,
      onEvent: (event) => this.#receive(event),
      onEnd: (error) => this.#fail(error),
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** In a learner's turn, or between it and the answer's end. */
  get busy(): boolean {
    return this.#speaking || this.#awaiting || this.#answers.underWay;
  }

  /** An answer is due or under way, or a transcript. */
  get owes(): boolean {
    return this.#awaiting || this.#answers.underWay || this.#untranscribed.size > 0;
  }

  append(audio: string): void {
    this.#socket.append(audio);
  }

  addMessage({ speaker, text }: TutorMessage): void {
    this.#send({
      type: 'conversation.item.create',
      item:
        speaker === 'learner'
          ? { type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
          : { type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] },
    });
  }

  /** Asks for an answer without a learner's turn. */
  answer(instructions?: string): void {
    if (this.#closed) return;
    this.#await();
    this.#send({ type: 'response.create', ...(instructions !== undefined && { response: { instructions } }) });
  }

  setSession(session: SessionUpdateEvent['session']): void {
    this.#send({ type: 'session.update', session });
  }

  /** @returns whether the answer is this link's */
  interrupt(answerId: string, playedMs: number): boolean {
    return this.#answers.interrupt(answerId, playedMs);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#watchdog.rest();
    this.#socket.close();
  }

  #send(event: RealtimeClientEvent): void {
    if (!this.#closed) this.#socket.send(event);
  }

  #await(): void {
    this.#awaiting = true;
    if (!this.#answers.underWay) this.#watchdog.expect(this.#context.limits.firstResultMs);
  }

  #receive(event: RealtimeEvent): void {
    if (this.#closed) return;
    if (this.#answers.underWay) this.#watchdog.expect(this.#context.limits.stallMs);
    switch (event.type) {
      case 'session.created':
        return this.#logOpened(event.session?.id);
      case 'session.updated':
        if (this.#ready) return;
        this.#ready = true;
        return this.#listener.ready();
      case 'error':
        return this.#takeError(event.error);
      case 'input_audio_buffer.speech_started':
        this.#speaking = true;
        this.#turn = { itemId: event.item_id, fromMs: event.audio_start_ms, lengthMs: 0 };
        this.#awaiting = false;
        // What they say now is answered together with what they said before.
        this.#owed = false;
        if (!this.#answers.underWay) this.#watchdog.rest();
        return this.#listener.speechStarted();
      case 'input_audio_buffer.speech_stopped':
        this.#speaking = false;
        if (this.#turn?.itemId === event.item_id) this.#turn.lengthMs = lengthOf(this.#turn, event.audio_end_ms);
        // The vendor does not begin an answer within another one, and may not say so.
        this.#owed = this.#answers.underWay;
        this.#await();
        return this.#listener.speechStopped();
      case 'input_audio_buffer.committed':
        this.#untranscribed.set(event.item_id, this.#turn?.itemId === event.item_id ? this.#turn : NO_TURN);
        return this.#listener.learnerTurn(event.item_id);
      case 'conversation.item.input_audio_transcription.delta':
        return this.#listener.heard(event.item_id, event.delta, false);
      case 'conversation.item.input_audio_transcription.completed':
        this.#countTranscript(event);
        this.#untranscribed.delete(event.item_id);
        return this.#listener.heard(event.item_id, event.transcript, true);
      case 'conversation.item.input_audio_transcription.failed':
        this.#untranscribed.delete(event.item_id);
        return this.#listener.heard(event.item_id, '', true);
      default:
        return this.#takeAnswerEvent(event);
    }
  }

  #takeAnswerEvent(event: Extract<RealtimeEvent, { readonly type: `response.${string}` }>): void {
    if (event.type === 'response.done') this.#endAnswer(event.response);
    else if (event.type !== 'response.created') this.#answers.take(event);
    else {
      this.#awaiting = false;
      this.#owed = false;
      this.#answers.begin(event.response.id);
      this.#watchdog.expect(this.#context.limits.stallMs);
    }
  }

  #endAnswer(response: DoneResponse): void {
    const { status, status_details: details, usage } = response;
    if (usage) this.#listener.usage(tokenUsageOf(usage));
    const answer = this.#answers.end(response);
    if (!answer) return;
    if (this.#awaiting) this.#await();
    else this.#watchdog.rest();
    if (status === 'failed') {
      this.#fail(errorOfFailure(details?.error ?? {}));
      return;
    }
    const mute = this.#answers.useTools(answer, status === 'cancelled');
    this.#muteAnswers = mute ? this.#muteAnswers + 1 : 0;
    if (this.#muteAnswers > MOST_MUTE_ANSWERS) this.#fail(engineError('engine_failed', 'OpenAI says nothing.'));
    // What they say now is answered anyway.
    else if ((mute || this.#owed) && !this.#speaking) this.answer();
  }

  /** By the vendor's count where it charges by length, else by what the turn's audio was. */
  #countTranscript({ item_id: itemId, usage }: TranscriptEvent): void {
    const seconds = usage?.type === 'duration' ? usage.seconds : undefined;
    const audioMs = seconds === undefined ? (this.#untranscribed.get(itemId)?.lengthMs ?? 0) : seconds * 1_000;
    if (audioMs > 0) this.#listener.transcribed(Math.round(audioMs));
  }

  #takeError({ code, type, event_id: eventId }: ErrorDetails): void {
    const { log } = this.#context;
    log.warn({ engine: 'openai', code, type, eventId, requestId: this.#socket.requestId }, 'OpenAI reports an error');
    if (code === 'session_expired') {
      this.close();
      this.#listener.expired(this.#answers.breakOff());
      return;
    }
    if (code === 'conversation_already_has_active_response') {
      // A learner who spoke into an answer's end is owed one.
      this.#owed = this.#awaiting && this.#answers.underWay;
      this.#awaiting = false;
      if (!this.#answers.underWay) this.#watchdog.rest();
    }
    if (code && HARMLESS.has(code)) return;
    // A truncation that came too late, an item that is gone: the conversation goes on.
    if (type === 'invalid_request_error' && this.#ready && !isAboutAccess(code)) return;
    this.#fail(errorOfFailure({ code, type }));
  }

  #logOpened(sessionId: string | undefined): void {
    const { log, models } = this.#context;
    const { requestId } = this.#socket;
    log.info({ engine: 'openai', model: models.realtime, sessionId, requestId }, 'A realtime session is open');
  }

  #fail(error: EngineError): void {
    if (this.#closed) return;
    this.close();
    this.#listener.failed(error);
  }
}

/** The learner's, in the session's audio; whole ms. */
interface SpokenTurn {
  readonly itemId: string;
  readonly fromMs: number | undefined;
  lengthMs: number;
}

const NO_TURN: SpokenTurn = { itemId: '', fromMs: undefined, lengthMs: 0 };

function lengthOf({ fromMs }: SpokenTurn, endMs: number | undefined): number {
  return fromMs === undefined || endMs === undefined ? 0 : Math.max(0, endMs - fromMs);
}

type TranscriptEvent = Extract<
  RealtimeEvent,
  { readonly type: 'conversation.item.input_audio_transcription.completed' }
>;
type ErrorDetails = Extract<RealtimeEvent, { readonly type: 'error' }>['error'];

function isAboutAccess(code: string | null | undefined): boolean {
  return code === 'invalid_api_key' || code === 'insufficient_quota' || code === 'model_not_found';
}
