import {
  ENGINE_FRAME_SAMPLES,
  type SpeechToSpeech,
  type SpeechToSpeechEvent,
  type SpeechToSpeechOptions,
  type SpeechToSpeechSession,
} from '../../speech/engine.ts';
import { EventReader } from '../conformance/event-reader.ts';
import { createTone } from '../engines/scripted-text-to-speech.ts';

/** A sentence's length of a tone with a second of silence after it. */
export const utterance = new Int16Array(40_000);
utterance.set(createTone({ sampleRate: 16_000, durationMs: 1_500 }));

/** A caller who is heard ten times as fast as they speak, or slower. */
export class Caller {
  readonly session: SpeechToSpeechSession;
  readonly reader: EventReader<SpeechToSpeechEvent>;
  readonly #timer: NodeJS.Timeout;
  readonly #frame = new Int16Array(ENGINE_FRAME_SAMPLES);
  #speech: Int16Array = new Int16Array(0);

  constructor(engine: SpeechToSpeech, options: Partial<SpeechToSpeechOptions> = {}, frameMs = 2) {
    const { signal } = new AbortController();
    this.session = engine.open({
      language: 'en',
      level: 'beginner',
      instructions: '',
      history: [],
      signal,
      ...options,
    });
    this.reader = new EventReader(this.session.events, 20_000);
    this.#timer = setInterval(() => {
      this.#frame.fill(0);
      this.#frame.set(this.#speech.subarray(0, ENGINE_FRAME_SAMPLES));
      this.#speech = this.#speech.subarray(ENGINE_FRAME_SAMPLES);
      this.session.write(this.#frame);
    }, frameMs);
  }

  say(speech: Int16Array = utterance): void {
    this.#speech = speech;
  }

  leave(): void {
    clearInterval(this.#timer);
    this.session.close();
  }
}

/** Waits for what another side does; the test's own deadline ends it. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2_000; i++) {
    if (await condition()) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  throw new Error('It did not come to that within 20 s');
}
