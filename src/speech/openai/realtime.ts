import type { SpeechToSpeech } from '../engine.ts';
import { ENGINE_NAME, engineError } from './engine-errors.ts';
import type { OpenAiContext } from './options.ts';
import { RealtimeSession } from './realtime-session.ts';
import { createUpsamplerTable } from './upsampler.ts';

/** Speech to speech by the Realtime API: 24 kHz out, semantic or server voice activity, one WebSocket a session. */
export function createRealtime(context: OpenAiContext): { readonly engine: SpeechToSpeech; close(): void } {
  const table = createUpsamplerTable();
  const sessions = new Set<RealtimeSession>();
  return {
    engine: {
      name: ENGINE_NAME,
      sampleRate: 24_000,
      capabilities: { languages: ['en', 'ru'] },
      open(request) {
        const session: RealtimeSession = new RealtimeSession({
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
