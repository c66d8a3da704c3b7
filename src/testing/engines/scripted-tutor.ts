import type { Language, Tutor, TutorEvent, TutorRequest } from '../../speech/engine.ts';
import { type ScriptedFailure, toEngineError, untilAborted } from './scripted-failure.ts';

/** One answer. A bare text is one delta. */
export type ScriptedAnswer =
  | string
  | {
      readonly events: readonly TutorEvent[];
      /** After the events it says nothing more, and does not end, until it is aborted. */
      readonly stall?: boolean;
      /** After the events it fails. */
      readonly failure?: ScriptedFailure;
    };

export interface ScriptedTutorOptions {
  /** In the order of the requests, begun again after the last; or what to answer to a request. */
  readonly answers?: readonly ScriptedAnswer[] | ((request: TutorRequest) => ScriptedAnswer);
  readonly name?: string;
  readonly languages?: readonly Language[];
}

export interface ScriptedTutor extends Tutor {
  /** What it was asked, oldest first. */
  readonly requests: readonly TutorRequest[];
}

/** A tutor that says what its script says, at once. */
export function createScriptedTutor(options: ScriptedTutorOptions = {}): ScriptedTutor {
  const { name = 'scripted', languages = ['en', 'ru'], answers = ['I see.'] } = options;
  const requests: TutorRequest[] = [];

  async function* reply(request: TutorRequest, signal: AbortSignal): AsyncGenerator<TutorEvent> {
    requests.push(request);
    if (signal.aborted) return;
    if (!languages.includes(request.language)) {
      throw toEngineError(name, { code: 'engine_rejected', message: 'Not in the script.', retryable: false });
    }
    const script =
      typeof answers === 'function' ? answers(request) : (answers[(requests.length - 1) % answers.length] ?? '');
    const answer = typeof script === 'string' ? { events: [{ type: 'text', delta: script } as const] } : script;
    for (const event of answer.events) {
      if (signal.aborted) return;
      yield event;
    }
    if (answer.stall) await untilAborted(signal);
    if (signal.aborted) return;
    if (answer.failure) throw toEngineError(name, answer.failure);
  }

  return { name, capabilities: { languages }, requests, reply };
}
