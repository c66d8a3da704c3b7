import type { Tutor, TutorEvent, TutorRequest } from '../engine.ts';
import { answerDrill } from './drill/drill.ts';

/**
 * A tutor that needs no network and no keys: it says a sentence, the learner says it again, and the drill compares what it
 * heard word by word, praises or says it once more, and goes on through lessons kept as data. It answers the same request
 * always in the same way; all it knows of the call is in `memory`.
 *
 * Order of events: `assessment` (of an attempt), `pace`, `memory`, then `text` sentence by sentence, then perhaps `end_call`.
 * The memory goes before the text because an answer that the learner cuts off has still been given.
 */
export function createDrillTutor(): Tutor {
  return { name: 'local', capabilities: { languages: ['en'] }, reply };
}

async function* reply(request: TutorRequest, signal: AbortSignal): AsyncGenerator<TutorEvent, void, undefined> {
  for (const event of eventsOf(request)) {
    if (signal.aborted) return;
    yield event;
  }
}

function* eventsOf(request: TutorRequest): Generator<TutorEvent, void, undefined> {
  const { assessment, rate, says, memory, endsCall } = answerDrill(request);
  if (assessment) yield { type: 'assessment', assessment };
  yield { type: 'pace', rate };
  yield { type: 'memory', memory };
  for (const [index, sentence] of says.entries()) {
    yield { type: 'text', delta: index === says.length - 1 ? sentence : `${sentence} ` };
  }
  if (endsCall) yield { type: 'end_call' };
}
