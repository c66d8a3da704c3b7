import { createTone } from '../engines/scripted-text-to-speech.ts';

/** What speaks behind the synthesis service. */
export interface ServerVoice {
  /** 16-bit mono samples at `sampleRate`, in parts of any length; stops when `signal` aborts. */
  speak(request: ServerSpeech, signal: AbortSignal): AsyncIterable<Int16Array>;
}

export interface ServerSpeech {
  readonly text: string;
  readonly language: 'en' | 'ru';
  readonly voice: string;
  readonly role: string;
  readonly speed: number;
  readonly sampleRate: number;
}

const MS_PER_CHARACTER = 60;

/** A tone as long as a voice would take for the text. */
export function createToneVoice(): ServerVoice {
  return {
    async *speak({ text, speed, sampleRate }, signal) {
      const durationMs = (text.trim().length * MS_PER_CHARACTER) / speed;
      await Promise.resolve();
      if (!signal.aborted) yield createTone({ sampleRate, durationMs });
    },
  };
}
