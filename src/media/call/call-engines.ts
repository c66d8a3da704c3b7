import type { PricedUse, SpeechToSpeech, SpeechToText, TextToSpeech, Tutor } from '../../speech/engine.ts';
import type { JoinAnswer } from '../protocol.ts';
import type { EngineChange } from './ports.ts';

/** The engines of one call. */
export interface CallEngines {
  /** Carries the call until it fails; then, or without one, the three others do. */
  readonly speechToSpeech?: SpeechToSpeech;
  readonly speechToText: SpeechToText;
  readonly tutor: Tutor;
  readonly textToSpeech: TextToSpeech;
  /** Who hears of costs, and of one engine taking another's place. */
  listen?(listener: EngineListener): void;
  /** The call itself went from one to another. */
  changed?(change: Omit<EngineChange, 'talkedMs'>): void;
}

export interface EngineListener {
  onUse(use: PricedUse): void;
  onChange(change: Omit<EngineChange, 'talkedMs'>): void;
}

/** By name, for the page. */
export function engineNames(engines: CallEngines): JoinAnswer['engines'] {
  const { speechToSpeech, speechToText, tutor, textToSpeech } = engines;
  const whole = speechToSpeech?.name;
  return { stt: whole ?? speechToText.name, tutor: whole ?? tutor.name, tts: whole ?? textToSpeech.name };
}
