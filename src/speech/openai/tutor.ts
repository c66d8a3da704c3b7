import type { Tutor, TutorEvent, TutorMessage, TutorRequest } from '../engine.ts';
import { estimateTokens, newestWithin } from '../token-budget.ts';
import { engineError, errorOfRequest, namedAfter } from './engine-errors.ts';
import type { LanguageModel, ModelMessage, ModelToolCall } from './language-model.ts';
import { composeInstructions, OCCASIONS } from './lesson-instructions.ts';
import { readToolCall, TUTOR_TOOLS } from './lesson-tools.ts';
import type { OpenAiContext } from './options.ts';
import { notesIn, withNotes } from './tutor-memory.ts';
import { Watchdog } from './watchdog.ts';

/** Requests at most for one answer: a model that only uses tools is asked again, then without tools. */
const ROUNDS = 2;

/** A tutor on a language model, by either interface. Stateless: its notes on the learner travel as memory. */
export function createOpenAiTutor(model: LanguageModel, context: OpenAiContext, name: string): Tutor {
  return {
    name,
    capabilities: { languages: ['en', 'ru'] },
    async *reply(request, signal) {
      if (signal.aborted) return;
      const stop = new AbortController();
      let late = false;
      const watchdog = new Watchdog(context.clock, () => {
        late = true;
        stop.abort();
      });
      try {
        const answer = new TutorAnswer(request, model, context, name);
        for await (const event of answer.events(AbortSignal.any([signal, stop.signal]), watchdog)) {
          if (signal.aborted) return;
          // Only the vendor's time counts, not the reader's.
          watchdog.rest();
          yield event;
          if (signal.aborted) return;
          watchdog.expect(context.limits.stallMs);
        }
        if (late) throw engineError('engine_timed_out', 'OpenAI did not answer in time.');
      } catch (error) {
        if (signal.aborted) return;
        const failure = late
          ? engineError('engine_timed_out', 'OpenAI did not answer in time.')
          : errorOfRequest(error);
        context.log.warn({ engine: name, err: failure }, 'An answer by a language model failed');
        throw namedAfter(name, failure);
      } finally {
        watchdog.rest();
        stop.abort();
      }
    },
  };
}

class TutorAnswer {
  readonly #request: TutorRequest;
  readonly #model: LanguageModel;
  readonly #context: OpenAiContext;
  readonly #name: string;
  #notes: readonly string[];

  constructor(request: TutorRequest, model: LanguageModel, context: OpenAiContext, name: string) {
    this.#request = request;
    this.#model = model;
    this.#context = context;
    this.#name = name;
    this.#notes = notesIn(request.memory);
  }

  async *events(signal: AbortSignal, watchdog: Watchdog): AsyncGenerator<TutorEvent> {
    const { limits, log, tutorTools } = this.#context;
    const messages = this.#messages();
    let ends = false;
    for (let round = 1; round <= ROUNDS; round++) {
      const tools = tutorTools && round < ROUNDS ? TUTOR_TOOLS : [];
      const instructions = composeInstructions({ ...this.#request, notes: this.#notes });
      const calls: ModelToolCall[] = [];
      let spoken = false;
      watchdog.expect(limits.firstResultMs);
      for await (const event of this.#model({ instructions, messages, tools }, signal)) {
        watchdog.expect(limits.stallMs);
        if (event.type === 'request_id') {
          log.debug({ engine: this.#name, requestId: event.requestId }, 'A language model answers');
        } else if (event.type === 'call') calls.push(event.call);
        else if (event.type === 'usage') yield event;
        else if (event.delta !== '') {
          spoken ||= event.delta.trim() !== '';
          yield event;
        }
      }
      if (signal.aborted) return;
      const outcomes = calls.map((call) => Object.assign(readToolCall(call.name, call.arguments), call));
      for (const { action } of outcomes) {
        if (action?.type === 'pace') yield action;
        if (action?.type === 'note') yield this.#keep(action.note);
        if (action?.type === 'end_call') ends = true;
      }
      if (spoken) {
        if (ends) yield { type: 'end_call' };
        return;
      }
      if (calls.length > 0) {
        messages.push({ role: 'tools', calls: outcomes });
      }
    }
    throw engineError('engine_failed', 'OpenAI said nothing.');
  }

  #keep(note: string): TutorEvent {
    this.#notes = [...this.#notes, note];
    return { type: 'memory', memory: withNotes(this.#request.memory, this.#notes) };
  }

  /** The turn itself, and before it as much of the conversation as the budget holds. */
  #messages(): ModelMessage[] {
    const { historyTokens } = this.#context.limits;
    const now = lastMessage(this.#request, historyTokens / 2);
    const history = newestWithin(this.#request.history, historyTokens - estimateTokens(now));
    return [...history.flatMap(toModelMessage), { role: 'user', text: now }];
  }
}

function toModelMessage({ speaker, text }: TutorMessage): ModelMessage[] {
  const clean = cleaned(text);
  return clean === '' ? [] : [{ role: speaker === 'learner' ? 'user' : 'assistant', text: clean }];
}

/** In square brackets, which nobody can say, stands what is not the learner's word. */
function lastMessage({ occasion, heard }: TutorRequest, tokens: number): string {
  if (occasion !== 'turn') return `[${OCCASIONS[occasion]}]`;
  const text = cleaned(heard);
  if (text === '') return '[The learner said something that could not be understood. Ask them kindly to say it again.]';
  // Four characters a token at most: the end of a very long turn is what is to be answered.
  let kept = text;
  while (estimateTokens(kept) > tokens) kept = kept.slice(Math.ceil(kept.length / 4));
  return kept.toWellFormed();
}

function cleaned(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}[\]]+/gu, ' ')
    .trim();
}
