import type { RealtimeClientEvent, SessionUpdateEvent } from 'openai/resources/realtime/realtime';

import type { EngineError, TokenUsage, TutorMessage } from '../engine.ts';
import { engineError, errorOfFailure } from './engine-errors.ts';
import { type LessonAction, readToolCall } from './lesson-tools.ts';
import type { OpenAiContext } from './options.ts';
import { RealtimeAnswer } from './realtime-answer.ts';
import type { RealtimeEvent } from './realtime-events.ts';
import { RealtimeSocket } from './realtime-socket.ts';
import { tokenUsageOf } from './realtime-usage.ts';
import { Watchdog } from './watchdog.ts';

export interface RealtimeLinkListener {
  ready(): void;
  speechStarted(): void;
  speechStopped(): void;
  /** The learner's turn has its place in the conversation. */
  learnerTurn(itemId: string): void;
  heard(itemId: string, text: string, final: boolean): void;
  answerStarted(answerId: string): void;
  /** The tutor's turn has its place in the conversation. */
  tutorTurn(itemId: string): void;
  audio(answerId: string, samples: Int16Array): void;
  text(answerId: string, itemId: string, delta: string): void;
  answerFinished(answerId: string, itemIds: readonly string[]): void;
  /** Of this message only a share was heard. */
  cut(itemId: string, share: number): void;
  action(action: LessonAction): void;
  usage(usage: TokenUsage): void;
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

/** Late interruptions of older answers are of no use. */
const KEPT_ANSWERS = 8;

/** Two sides that act at the same moment: nothing is wrong, and nothing is lost. */
const HARMLESS: ReadonlySet<string> = new Set([
  'response_cancel_not_active',
  'conversation_already_has_active_response',
  'input_audio_buffer_commit_empty',
]);

/** One session of the vendor, from its opening to its end: what its events mean, and what it is told. */
export class RealtimeLink {
  readonly #context: OpenAiContext;
  readonly #listener: RealtimeLinkListener;
  readonly #socket: RealtimeSocket;
  readonly #watchdog: Watchdog;
  readonly openedAtMs: number;
  #answers: RealtimeAnswer[] = [];
  #active: RealtimeAnswer | undefined;
  /** The learner's turn ended, or an answer was asked for; none has begun. */
  #awaiting = false;
  /** An answer could not begin because another was under way. */
  #owed = false;
  #speaking = false;
  #ready = false;
  #closed = false;
  /** The call ends with the next answer. */
  #endsCall = false;
  readonly #untranscribed = new Set<string>();

  constructor({ context, session, listener }: RealtimeLinkOptions) {
    this.#context = context;
    this.#listener = listener;
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
    return this.#speaking || this.#awaiting || this.#active !== undefined;
  }

  /** An answer is due or under way, or a transcript. */
  get owes(): boolean {
    return this.#awaiting || this.#active !== undefined || this.#untranscribed.size > 0;
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
    const answer = this.#answers.find(({ id }) => id === answerId);
    if (!answer) return false;
    if (answer.interrupted) return true;
    answer.interrupted = true;
    const active = this.#active === answer;
    if (active) this.#send({ type: 'response.cancel', response_id: answer.id });
    for (const { itemId, heardMs, receivedMs } of answer.heardItems(playedMs)) {
      if (!active && heardMs >= Math.floor(receivedMs)) continue;
      this.#send({ type: 'conversation.item.truncate', item_id: itemId, content_index: 0, audio_end_ms: heardMs });
      this.#listener.cut(itemId, receivedMs === 0 ? 0 : heardMs / receivedMs);
    }
    this.#finish(answer);
    return true;
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
    if (!this.#active) this.#watchdog.expect(this.#context.limits.firstResultMs);
  }

  #receive(event: RealtimeEvent): void {
    if (this.#closed) return;
    if (this.#active) this.#watchdog.expect(this.#context.limits.stallMs);
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
        this.#awaiting = false;
        if (!this.#active) this.#watchdog.rest();
        return this.#listener.speechStarted();
      case 'input_audio_buffer.speech_stopped':
        this.#speaking = false;
        this.#await();
        return this.#listener.speechStopped();
      case 'input_audio_buffer.committed':
        this.#untranscribed.add(event.item_id);
        return this.#listener.learnerTurn(event.item_id);
      case 'conversation.item.input_audio_transcription.delta':
        return this.#listener.heard(event.item_id, event.delta, false);
      case 'conversation.item.input_audio_transcription.completed':
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
    if (event.type === 'response.created') return this.#begin(event.response.id);
    const answer = this.#answers.find(({ id }) => id === ('response' in event ? event.response.id : event.response_id));
    if (!answer) return;
    switch (event.type) {
      case 'response.output_item.added':
        if (event.item.type === 'message') this.#addItem(answer, event.item.id);
        return;
      case 'response.output_item.done': {
        const { type, name, call_id: callId, arguments: given } = event.item;
        if (type === 'function_call' && name && callId) answer.calls.push({ callId, name, arguments: given ?? '' });
        return;
      }
      case 'response.output_audio_transcript.delta':
        if (answer.interrupted) return;
        this.#addItem(answer, event.item_id);
        return this.#listener.text(answer.id, event.item_id, event.delta);
      case 'response.output_audio.delta':
        return this.#takeAudio(answer, event.item_id, event.delta);
      case 'response.done':
        return this.#endAnswer(answer, event.response);
    }
  }

  #begin(responseId: string): void {
    this.#awaiting = false;
    this.#owed = false;
    this.#active = new RealtimeAnswer(responseId);
    this.#answers = [...this.#answers.slice(1 - KEPT_ANSWERS), this.#active];
    this.#watchdog.expect(this.#context.limits.stallMs);
  }

  #addItem(answer: RealtimeAnswer, itemId: string): void {
    if (!answer.addItem(itemId)) return;
    if (answer.interrupted) return;
    if (!answer.started) {
      answer.started = true;
      this.#listener.answerStarted(answer.id);
    }
    this.#listener.tutorTurn(itemId);
  }

  #takeAudio(answer: RealtimeAnswer, itemId: string, delta: string): void {
    if (answer.interrupted) return;
    const bytes = Buffer.from(delta, 'base64');
    const samples = new Int16Array(bytes.length >> 1);
    new Uint8Array(samples.buffer).set(bytes.subarray(0, samples.length * 2));
    if (samples.length === 0) return;
    this.#addItem(answer, itemId);
    answer.addAudio(itemId, samples.length);
    this.#listener.audio(answer.id, samples);
  }

  #endAnswer(answer: RealtimeAnswer, { status, status_details: details, usage }: DoneResponse): void {
    if (this.#active === answer) this.#active = undefined;
    if (this.#awaiting) this.#await();
    else this.#watchdog.rest();
    if (usage) this.#listener.usage(tokenUsageOf(usage));
    this.#finish(answer);
    if (status === 'failed') {
      this.#fail(errorOfFailure(details?.error ?? {}));
      return;
    }
    this.#useTools(answer, status === 'cancelled');
    if (this.#owed) this.answer();
  }

  #finish(answer: RealtimeAnswer): void {
    if (answer.finished || !answer.started) return;
    answer.finished = true;
    this.#listener.answerFinished(answer.id, answer.itemIds);
  }

  /** Their results go back; a model that has only used tools is asked to speak. */
  #useTools(answer: RealtimeAnswer, cancelled: boolean): void {
    for (const { callId, name, arguments: given } of answer.calls) {
      const { action, output } = readToolCall(name, given);
      this.#send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output } });
      if (action?.type === 'end_call') this.#endsCall = true;
      else if (action) this.#listener.action(action);
    }
    if (answer.calls.length > 0 && !answer.started && !cancelled) this.answer();
    else if (this.#endsCall) {
      this.#endsCall = false;
      this.#listener.action({ type: 'end_call' });
    }
  }

  #takeError({ code, type, event_id: eventId }: ErrorDetails): void {
    const { log } = this.#context;
    log.warn({ engine: 'openai', code, type, eventId, requestId: this.#socket.requestId }, 'OpenAI reports an error');
    if (code === 'session_expired') {
      const cut = this.#active;
      this.close();
      if (cut) this.#finish(cut);
      this.#listener.expired(cut?.started === true && !cut.interrupted);
      return;
    }
    if (code === 'conversation_already_has_active_response') {
      // A learner who spoke into an answer's end is owed one.
      this.#owed = this.#awaiting && this.#active !== undefined;
      this.#awaiting = false;
      if (!this.#active) this.#watchdog.rest();
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

type DoneResponse = Extract<RealtimeEvent, { readonly type: 'response.done' }>['response'];
type ErrorDetails = Extract<RealtimeEvent, { readonly type: 'error' }>['error'];

function isAboutAccess(code: string | null | undefined): boolean {
  return code === 'invalid_api_key' || code === 'insufficient_quota' || code === 'model_not_found';
}
