import type { Config } from '../platform/config.ts';
import type { EngineNames } from '../speech/languages.ts';

/** The engines that the configuration asks for; the local ones where it asks for none. */
export function engineNames({ speech }: Pick<Config, 'speech'>): EngineNames {
  const { sttEngine = 'local', tutorEngine = 'local', ttsEngine = 'local' } = speech;
  return { stt: sttEngine, tutor: tutorEngine, tts: ttsEngine };
}
