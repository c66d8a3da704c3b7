import type { Language } from '../engine.ts';
import { engineError } from './status.ts';

/** A voice of SpeechKit and how it speaks: `friendly`, `strict`; each voice has its own roles. */
export interface Voice {
  readonly name: string;
  readonly role?: string;
}

/** Source: https://yandex.cloud/en/docs/speechkit/tts/voices */
export const DEFAULT_VOICES: Readonly<Record<Language, string>> = { en: 'john', ru: 'marina:friendly' };

const VOICE = /^(?<name>[a-z][a-z0-9_-]{0,31})(?::(?<role>[a-z][a-z0-9_-]{0,31}))?$/i;

/** `marina` or `marina:friendly`. @throws EngineError `engine_rejected` */
export function parseVoice(text: string): Voice {
  const { name, role } = VOICE.exec(text)?.groups ?? {};
  if (name === undefined) throw engineError('engine_rejected', 'There is no such voice.', { retryable: false });
  return { name, ...(role !== undefined && { role }) };
}
