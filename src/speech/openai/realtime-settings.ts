import type { RealtimeAudioInputTurnDetection, RealtimeSessionCreateRequest } from 'openai/resources/realtime/realtime';

import type { Language } from '../engine.ts';
import { REALTIME_TOOLS } from './lesson-tools.ts';
import type { OpenAiContext } from './options.ts';

const PCM = { type: 'audio/pcm', rate: 24_000 } as const;

/**
 * The vendor begins answers by itself, but does not break them off: whether a sound was an interruption is decided in one
 * place, by the call, which also knows how much was heard.
 */
const TURN_DETECTION: Readonly<Record<OpenAiContext['turnDetection'], RealtimeAudioInputTurnDetection>> = {
  semantic: { type: 'semantic_vad', eagerness: 'auto', create_response: true, interrupt_response: false },
  server: { type: 'server_vad', silence_duration_ms: 600, create_response: true, interrupt_response: false },
};

export function realtimeSettings(
  { models, voice, turnDetection }: OpenAiContext,
  lesson: { readonly instructions: string; readonly language: Language; readonly speed: number },
): RealtimeSessionCreateRequest {
  return {
    type: 'realtime',
    instructions: lesson.instructions,
    output_modalities: ['audio'],
    audio: {
      input: {
        format: PCM,
        transcription: { model: models.realtimeTranscription, language: lesson.language },
        turn_detection: TURN_DETECTION[turnDetection],
      },
      output: { format: PCM, voice, speed: lesson.speed },
    },
    tools: REALTIME_TOOLS.map(({ name, description, parameters }) => ({
      type: 'function',
      name,
      description,
      parameters,
    })),
    tool_choice: 'auto',
  };
}
