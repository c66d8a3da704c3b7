import type { CallEngines } from './call-engines.ts';
import type { Conversation } from './conversation.ts';
import { PipelineConversation, type PipelineOptions } from './pipeline.ts';
import { SpeechToSpeechConversation } from './speech-to-speech.ts';
import { SwitchingConversation } from './switching-conversation.ts';

export type ConversationOptions = Omit<PipelineOptions, 'speechToText' | 'tutor' | 'textToSpeech'> & {
  readonly engines: CallEngines;
};

/** The pipeline; or speech to speech, with the pipeline for when it fails. */
export function createConversation({ engines, ...options }: ConversationOptions): Conversation {
  const { speechToSpeech, speechToText, tutor, textToSpeech } = engines;
  const createPipeline = () => new PipelineConversation({ ...options, speechToText, tutor, textToSpeech });
  if (!speechToSpeech) return createPipeline();
  return new SwitchingConversation({
    transcript: options.transcript,
    createFirst: (onFailed) => new SpeechToSpeechConversation({ ...options, speechToSpeech, onFailed }),
    createSecond: createPipeline,
    onSwitched: ({ code }) => engines.changed?.({ kind: 's2s', from: speechToSpeech.name, to: 'pipeline', code }),
  });
}
