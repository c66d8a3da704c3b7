import type { SpeechToText } from '../engine.ts';
import { ENGINE_NAME, engineError } from './engine-errors.ts';
import type { OpenAiContext } from './options.ts';
import { TranscriptionSession } from './transcription-session.ts';
import { createUpsamplerTable } from './upsampler.ts';

/**
 * Speech to text by a realtime transcription session: deltas while the learner speaks, the final after `endUtterance()`. It is
 * sent audio only within utterances, so silence costs nothing.
 */
export function createTranscription(context: OpenAiContext): { readonly engine: SpeechToText; close(): void } {
  const table = createUpsamplerTable();
  const sessions = new Set<TranscriptionSession>();
  return {
    engine: {
      name: ENGINE_NAME,
      capabilities: { languages: ['en', 'ru'], endOfUtterance: false, wordTimes: false, utterancesOnly: true },
      open(request) {
        const session: TranscriptionSession = new TranscriptionSession({
          context,
          request,
          table,
          onClosed: () => queueMicrotask(() => sessions.delete(session)),
        });
        sessions.add(session);
        return session;
      },
    },
    close() {
      for (const session of sessions) session.fail(engineError('engine_unavailable', 'The engine is closing.'));
    },
  };
}
