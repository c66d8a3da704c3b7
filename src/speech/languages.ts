import type { Language } from './engine.ts';

/** The engines of a call, by name. */
export interface EngineNames {
  readonly stt: string;
  readonly tutor: string;
  readonly tts: string;
}

type Kind = keyof EngineNames;

/**
 * What each engine understands or speaks, for processes that place calls and load no engine. The engines' own
 * `capabilities` say the same.
 */
export const ENGINE_LANGUAGES: Readonly<Record<Kind, Readonly<Record<string, readonly Language[]>>>> = {
  stt: { local: ['en'] },
  tutor: { local: ['en'] },
  tts: { local: ['en', 'ru'] },
};

/** The languages in which these engines can hold a conversation together; none when one of them is unknown. */
export function spokenLanguages(names: EngineNames): Language[] {
  const [stt, tutor, tts] = (['stt', 'tutor', 'tts'] as const).map((kind) => ENGINE_LANGUAGES[kind][names[kind]] ?? []);
  return (stt ?? []).filter((language) => tutor?.includes(language) && tts?.includes(language));
}
