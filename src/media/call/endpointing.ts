import type { Language } from '../../speech/engine.ts';
import { phraseEndings } from './phrase-endings.ts';
import type { TurnSettings } from './turn-settings.ts';

/** How long a silence must last before the words said so far are taken for a whole turn. */
export function endpointDelayMs(
  words: { readonly text: string; readonly engineSaysEnded: boolean },
  language: Language,
  settings: TurnSettings,
): number {
  if (endsUnfinished(words.text, language)) return settings.maxEndpointDelayMs;
  if (words.engineSaysEnded || /[.!?…]["'»”)]*$/u.test(words.text)) return settings.minEndpointDelayMs;
  return settings.unsureEndpointDelayMs;
}

/** The transcript breaks off in mid-phrase: on a conjunction, an article, a hesitation, a comma. */
export function endsUnfinished(text: string, language: Language): boolean {
  const trimmed = text.trim();
  if (/[,:;–—-]$/u.test(trimmed)) return true;
  if (/[.!?…]["'»”)]*$/u.test(trimmed)) return false;
  const said = ` ${normalise(trimmed)}`;
  return phraseEndings[language].unfinished.some((ending) => said.endsWith(` ${ending}`));
}

/** "Mm-hm", "yeah", "угу", alone: the listener's sign to go on, not a turn. */
export function isBackchannel(text: string, language: Language): boolean {
  return phraseEndings[language].backchannels.includes(normalise(text));
}

function normalise(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}'\s-]/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}
