import type { TokenUsage, Tutor, TutorEvent, TutorMemory, TutorRequest } from '../engine.ts';
import { EngineError } from '../engine.ts';
import { newestWithin } from '../token-budget.ts';
import { addUsage } from '../token-usage.ts';
import { apologies } from './apologies.ts';
import type { Probe } from './circuit-breakers.ts';
import { ableTo, type Candidate, candidatesOf, type FallbackContext, inOrderOfTrial } from './fallback-context.ts';
import { timedEvents } from './timed-events.ts';

/** Of what was said before; a lesson of some 20 minutes. */
const HISTORY_TOKENS = 3_000;

/**
 * Several tutors as one. An answer that fails before its first word is made by the next tutor. One that fails in its middle is
 * not begun anew, for the learner has heard its beginning: it ends with an apology. When nobody answers, the apology is the
 * answer, and the failure comes after it.
 */
export class FallbackTutor implements Tutor {
  readonly #tutors: readonly Candidate<Tutor>[];
  readonly #context: FallbackContext;
  #last: string;

  constructor(tutors: readonly Tutor[], context: FallbackContext) {
    const [first] = tutors;
    if (!first) throw new TypeError('A fallback of no tutors');
    this.#tutors = candidatesOf(context, 'tutor', tutors, probeOf);
    this.#context = context;
    this.#last = first.name;
  }

  /** Of the tutor that answered last. */
  get name(): string {
    return this.#last;
  }

  get capabilities(): Tutor['capabilities'] {
    return { languages: [...new Set(this.#tutors.flatMap(({ engine }) => engine.capabilities.languages))] };
  }

  async *reply(asked: TutorRequest, signal: AbortSignal): AsyncGenerator<TutorEvent> {
    const { clock, limits, log } = this.#context;
    const request = { ...asked, history: newestWithin(asked.history, HISTORY_TOKENS) };
    const untilMs = clock.monotonicMs() + limits.answerMs;
    let failure: unknown;
    for (const candidate of inOrderOfTrial(ableTo(this.#tutors, request.language))) {
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0 || signal.aborted) break;
      if (failure !== undefined) this.#change(candidate.engine.name, failure);
      const attempt = new Attempt(candidate, request, Math.min(limits.firstResultMs, leftMs), this.#context);
      try {
        yield* attempt.events(signal);
        this.#last = candidate.engine.name;
        return;
      } catch (error) {
        if (signal.aborted) return;
        candidate.breaker.failed(error);
        log.warn({ err: error, engine: candidate.engine.name }, 'A tutor failed');
        failure = error;
        if (!attempt.spoken) continue;
        this.#last = candidate.engine.name;
        yield { type: 'text', delta: apologies.brokenOff[request.language] };
        return;
      }
    }
    if (signal.aborted) return;
    yield { type: 'text', delta: apologies.noAnswer[request.language] };
    throw failure ?? unable(this.#last, request);
  }

  #change(to: string, failure: unknown): void {
    const code = failure instanceof EngineError ? failure.code : 'engine_failed';
    this.#context.onChange({ kind: 'tutor', from: this.#last, to, code });
    this.#last = to;
  }
}

/** What only the tutor that wrote it may read. */
interface SignedMemory {
  readonly by: string;
  readonly memory: TutorMemory;
}

/** One tutor's answer: what comes before its first word waits for it, so that a failed attempt leaves nothing behind. */
class Attempt {
  readonly #candidate: Candidate<Tutor>;
  readonly #request: TutorRequest;
  readonly #firstMs: number;
  readonly #context: FallbackContext;
  spoken = false;

  constructor(candidate: Candidate<Tutor>, request: TutorRequest, firstMs: number, context: FallbackContext) {
    const { name } = candidate.engine;
    this.#candidate = candidate;
    this.#request = { ...request, memory: ownMemory(request.memory, name) };
    this.#firstMs = firstMs;
    this.#context = context;
  }

  async *events(signal: AbortSignal): AsyncGenerator<TutorEvent> {
    const { engine: tutor, breaker } = this.#candidate;
    const { clock, limits } = this.#context;
    const held: TutorEvent[] = [];
    const timed = timedEvents((aborting) => tutor.reply(this.#request, aborting), {
      engine: tutor.name,
      firstMs: this.#firstMs,
      stallMs: limits.stallMs,
      clock,
      signal,
    });
    let usage: TokenUsage | undefined;
    try {
      for await (const event of timed) {
        if (signal.aborted) return;
        if (event.type === 'usage') usage = addUsage(usage, event.usage);
        if (event.type === 'text' && event.delta !== '' && !this.spoken) {
          this.spoken = true;
          breaker.succeeded();
          yield* held.splice(0);
        }
        const signed = this.#sign(event);
        if (this.spoken) yield signed;
        else held.push(signed);
      }
    } finally {
      if (usage) this.#context.onUse({ kind: 'tutor', engine: tutor.name, tokens: usage });
    }
    if (!this.spoken && !signal.aborted) throw saidNothing(tutor.name);
  }

  #sign(event: TutorEvent): TutorEvent {
    if (event.type !== 'memory') return event;
    const signed: SignedMemory = { by: this.#candidate.engine.name, memory: event.memory };
    return { type: 'memory', memory: { ...signed } };
  }
}

function ownMemory(memory: TutorMemory | undefined, name: string): TutorMemory | undefined {
  return memory?.['by'] === name ? (memory['memory'] as TutorMemory) : undefined;
}

function saidNothing(engine: string): EngineError {
  return new EngineError({ engine, code: 'engine_failed', message: 'The tutor said nothing.', retryable: true });
}

function unable(engine: string, { language }: TutorRequest): EngineError {
  return new EngineError({
    engine,
    code: 'engine_unavailable',
    message: `No tutor answered in ${language}.`,
    retryable: true,
  });
}

/** Asks for a greeting and is content with its first word. */
function probeOf(tutor: Tutor): Probe {
  return async (signal) => {
    const [language = 'en'] = tutor.capabilities.languages;
    const request: TutorRequest = {
      occasion: 'greeting',
      heard: '',
      history: [],
      memory: undefined,
      language,
      level: 'beginner',
      instructions: '',
    };
    for await (const event of tutor.reply(request, signal)) if (event.type === 'text') return;
    throw saidNothing(tutor.name);
  };
}
