import type { RealtimeClientEvent } from 'openai/resources/realtime/realtime';

import { type LessonAction, readToolCall } from './lesson-tools.ts';
import { RealtimeAnswer } from './realtime-answer.ts';
import type { RealtimeEvent } from './realtime-events.ts';

export interface RealtimeAnswersListener {
  answerStarted(answerId: string): void;
  /** The tutor's turn has its place in the conversation. */
  tutorTurn(itemId: string): void;
  audio(answerId: string, samples: Int16Array): void;
  text(answerId: string, itemId: string, delta: string): void;
  answerFinished(answerId: string, itemIds: readonly string[]): void;
  /** Of this message only a share was heard. */
  cut(itemId: string, share: number): void;
  action(action: LessonAction): void;
}

export interface RealtimeAnswersOptions {
  readonly listener: RealtimeAnswersListener;
  readonly send: (event: RealtimeClientEvent) => void;
}

type AnswerEvent = Extract<RealtimeEvent, { readonly type: `response.${string}` }>;
/** What happens within an answer, between its beginning and its end. */
export type AnswerPartEvent = Exclude<AnswerEvent, { readonly type: 'response.created' | 'response.done' }>;
export type DoneResponse = Extract<RealtimeEvent, { readonly type: 'response.done' }>['response'];

/** Late interruptions of older answers are of no use. */
const KEPT_ANSWERS = 8;

/** The tutor's side of a session: its answers one after the other, and what was heard of each. */
export class RealtimeAnswers {
  readonly #listener: RealtimeAnswersListener;
  readonly #send: (event: RealtimeClientEvent) => void;
  #answers: RealtimeAnswer[] = [];
  #active: RealtimeAnswer | undefined;
  /** The call ends with the next answer. */
  #endsCall = false;

  constructor({ listener, send }: RealtimeAnswersOptions) {
    this.#listener = listener;
    this.#send = send;
  }

  get underWay(): boolean {
    return this.#active !== undefined;
  }

  begin(responseId: string): void {
    this.#active = new RealtimeAnswer(responseId);
    this.#answers = [...this.#answers.slice(1 - KEPT_ANSWERS), this.#active];
  }

  take(event: AnswerPartEvent): void {
    const answer = this.#find(event.response_id);
    if (!answer) return;
    switch (event.type) {
      case 'response.output_item.added':
        if (event.item.type === 'message') this.#addItem(answer, event.item.id);
        break;
      case 'response.output_item.done': {
        const { type, name, call_id: callId, arguments: given } = event.item;
        if (type === 'function_call' && name && callId) answer.calls.push({ callId, name, arguments: given ?? '' });
        break;
      }
      case 'response.output_audio_transcript.delta':
        if (answer.interrupted) break;
        this.#addItem(answer, event.item_id);
        this.#listener.text(answer.id, event.item_id, event.delta);
        break;
      case 'response.output_audio.delta':
        this.#takeAudio(answer, event.item_id, event.delta);
        break;
      default:
        event satisfies never;
    }
  }

  /** @returns the answer that is over, for `useTools`; `undefined` where it is none of ours */
  end({ id }: DoneResponse): RealtimeAnswer | undefined {
    const answer = this.#find(id);
    if (!answer) return undefined;
    if (this.#active === answer) this.#active = undefined;
    this.#finish(answer);
    return answer;
  }

  /** The results of its tools go back. @returns whether it has said nothing, and is to be asked to speak */
  useTools(answer: RealtimeAnswer, cancelled: boolean): boolean {
    const wasEnding = this.#endsCall;
    for (const { callId, name, arguments: given } of answer.calls) {
      const { action, output } = readToolCall(name, given);
      this.#send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output } });
      if (action?.type === 'end_call') this.#endsCall = true;
      else if (action) this.#listener.action(action);
    }
    const mute = !answer.started && !cancelled;
    // A tutor who leaves without a word is asked for one, once.
    if (mute && !wasEnding) return true;
    if (this.#endsCall) {
      this.#endsCall = false;
      this.#listener.action({ type: 'end_call' });
    }
    return false;
  }

  /** @returns whether the answer is one of these */
  interrupt(answerId: string, playedMs: number): boolean {
    const answer = this.#find(answerId);
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

  /** The session is over. @returns whether that cuts an answer that is being heard */
  breakOff(): boolean {
    const cut = this.#active;
    this.#active = undefined;
    if (cut) this.#finish(cut);
    return cut?.started === true && !cut.interrupted;
  }

  #find(answerId: string): RealtimeAnswer | undefined {
    return this.#answers.find(({ id }) => id === answerId);
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

  #finish(answer: RealtimeAnswer): void {
    if (answer.finished || !answer.started) return;
    answer.finished = true;
    this.#listener.answerFinished(answer.id, answer.itemIds);
  }
}
