import { AppError } from '../platform/errors.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import type { EngineKind, Language, SpeechToSpeech, SpeechToText, TextToSpeech, Tutor } from './engine.ts';
import { createDrillTutor } from './local/drill-tutor.ts';
import { createEspeak, type Espeak } from './local/espeak.ts';
import { createPocketSphinx, type PocketSphinx } from './local/pocketsphinx.ts';

/** Engines from elsewhere, by the names they carry; tests and benchmarks bring theirs so. */
export interface AdditionalEngines {
  readonly speechToText?: readonly SpeechToText[];
  readonly tutors?: readonly Tutor[];
  readonly textToSpeech?: readonly TextToSpeech[];
  readonly speechToSpeech?: readonly SpeechToSpeech[];
}

export interface SpeechEngineOptions {
  readonly log: Logger;
  readonly clock?: Clock;
  /** The built `native/pocketsphinx-stream`; on the PATH when not given. */
  readonly pocketsphinxStreamBin?: string | undefined;
  /** The eSpeak NG program; on the PATH when not given. */
  readonly espeakBin?: string | undefined;
  readonly additional?: AdditionalEngines;
}

export interface EngineDescription {
  readonly kind: EngineKind;
  readonly name: string;
  readonly languages: readonly Language[];
}

export interface SpeechEngines {
  /** @throws AppError `engine_unknown`, naming the engines that there are. */
  speechToText(name: string): SpeechToText;
  /** @throws AppError `engine_unknown` */
  tutor(name: string): Tutor;
  /** @throws AppError `engine_unknown` */
  textToSpeech(name: string): TextToSpeech;
  /** @throws AppError `engine_unknown` */
  speechToSpeech(name: string): SpeechToSpeech;
  describe(): readonly EngineDescription[];
  /** The same local engines, and these besides. Nothing of it is to be closed but by whoever opened the local ones. */
  with(additional: AdditionalEngines): SpeechEngines;
  /** Ends the engines' programs. Idempotent. */
  close(): Promise<void>;
}

/**
 * The engines of this process, by name. Nothing is started by it: an engine opens what it needs with its first
 * use. Those that are always there are named `local`.
 */
export function createSpeechEngines(options: SpeechEngineOptions): SpeechEngines {
  const { log, clock = systemClock, pocketsphinxStreamBin, espeakBin, additional } = options;
  const ear = createPocketSphinx({ program: pocketsphinxStreamBin ?? 'pocketsphinx-stream', clock, log });
  const voice = createEspeak(espeakBin === undefined ? {} : { program: espeakBin });
  return arrange({ ear, tutor: createDrillTutor(), voice }, additional);
}

interface LocalEngines {
  readonly ear: PocketSphinx;
  readonly tutor: Tutor;
  readonly voice: Espeak;
}

function arrange(local: LocalEngines, additional: AdditionalEngines = {}): SpeechEngines {
  const { ear, tutor, voice } = local;
  const speechToText = new Shelf<SpeechToText>('stt', [ear, ...(additional.speechToText ?? [])]);
  const tutors = new Shelf<Tutor>('tutor', [tutor, ...(additional.tutors ?? [])]);
  const textToSpeech = new Shelf<TextToSpeech>('tts', [voice, ...(additional.textToSpeech ?? [])]);
  const speechToSpeech = new Shelf<SpeechToSpeech>('s2s', additional.speechToSpeech ?? []);

  return {
    speechToText: (name) => speechToText.take(name),
    tutor: (name) => tutors.take(name),
    textToSpeech(name) {
      const engine = textToSpeech.take(name);
      // Its thread takes some 50 ms to start; whoever asks for a voice is about to speak.
      if (engine === voice) voice.start();
      return engine;
    },
    speechToSpeech: (name) => speechToSpeech.take(name),
    describe: () => [speechToText, tutors, textToSpeech, speechToSpeech].flatMap((shelf) => shelf.describe()),
    with: (others) => arrange(local, others),
    async close() {
      await Promise.all([ear.close(), voice.close()]);
    },
  };
}

interface Named {
  readonly name: string;
  readonly capabilities: { readonly languages: readonly Language[] };
}

class Shelf<Engine extends Named> {
  readonly #kind: EngineKind;
  readonly #engines: ReadonlyMap<string, Engine>;

  constructor(kind: EngineKind, engines: readonly Engine[]) {
    this.#kind = kind;
    this.#engines = new Map(engines.map((engine) => [engine.name, engine]));
  }

  take(name: string): Engine {
    const engine = this.#engines.get(name);
    if (engine) return engine;
    const known = [...this.#engines.keys()];
    throw new AppError({
      code: 'engine_unknown',
      kind: 'invalid',
      message: `There is no engine "${name}" for ${this.#kind}. There are: ${known.join(', ') || 'none'}.`,
      details: { kind: this.#kind, name, known },
    });
  }

  describe(): EngineDescription[] {
    return [...this.#engines.values()].map(({ name, capabilities }) => ({
      kind: this.#kind,
      name,
      languages: capabilities.languages,
    }));
  }
}
