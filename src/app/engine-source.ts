import type { Knex } from 'knex';
import type { CallEngines } from '../media/call/call-engines.ts';
import type { EngineRequest } from '../media/call/registry.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Tutor } from '../speech/engine.ts';
import { type ModelNames, readEngineSettings } from '../speech/engine-settings.ts';
import { createFallback } from '../speech/fallback/call-engines.ts';
import { createSpeechEngines, type SpeechEngines } from '../speech/index.ts';
import { canTalk } from '../speech/languages.ts';
import { createEngineChoice } from './engine-choice.ts';
import { loadVendors, type Vendors } from './engine-vendors.ts';

/** Chooses the engines of a call, and ends with the process. */
export interface EngineSource {
  choose(request: EngineRequest): CallEngines | Promise<CallEngines>;
  close(): Promise<void>;
}

export interface EngineParts {
  readonly log: Logger;
  readonly knex: Knex;
  readonly metrics: Metrics;
}

interface Generation {
  readonly engines: SpeechEngines;
  readonly vendors: Vendors;
}

/** The engines that the configuration and the settings ask for. */
export function configuredEngines(config: Config, { log, knex, metrics }: EngineParts): EngineSource {
  const choice = createEngineChoice({ config, knex, log });
  const fallback = createFallback({ clock: systemClock, log, metrics });
  const generations = new Generations(config, log);
  // The first call does not wait for the vendors' packages, and no other call stops while they load.
  const loaded = readEngineSettings(knex, log)
    .then(async ({ models }) => {
      await generations.of(models);
      log.info({ languages: await choice.languages() }, 'Lessons can be held in these languages');
    })
    .catch((err: unknown) => log.warn({ err }, 'The engines are loaded with the first call'));
  return {
    async choose({ language, askedEngine, callId }) {
      const settings = await readEngineSettings(knex, log);
      const [plan, engines] = await Promise.all([
        choice.plan({ language, askedEngine }, settings),
        generations.of(settings.models),
      ]);
      if (!canTalk(plan)) throw nobodySpeaks(language);
      return fallback.forCall(
        {
          speechToSpeech: plan.s2s.map((name) => engines.speechToSpeech(name)),
          speechToText: plan.stt.map((name) => engines.speechToText(name)),
          tutors: plan.tutor.map((name) => engines.tutor(name)),
          textToSpeech: plan.tts.map((name) => engines.textToSpeech(name)),
        },
        settings,
        log.child({ call: callId }),
      );
    },
    async close() {
      fallback.close();
      await loaded;
      await generations.close();
    },
  };
}

/**
 * The tutor that a call in this language would have first, for whoever tries instructions on it. It is closed by the caller.
 * @throws AppError `language_unsupported`
 */
export async function openTutor(
  config: Config,
  { knex, log }: Pick<EngineParts, 'knex' | 'log'>,
  language: EngineRequest['language'],
): Promise<{ readonly tutor: Tutor; close(): Promise<void> }> {
  const settings = await readEngineSettings(knex, log);
  const [name] = (await createEngineChoice({ config, knex, log }).plan({ language }, settings)).tutor;
  if (name === undefined) throw nobodySpeaks(language);
  const generations = new Generations(config, log);
  const engines = await generations.of(settings.models);
  return { tutor: engines.tutor(name), close: () => generations.close() };
}

/**
 * The engines with the model names that are set now. Those of earlier names stay until the process ends: calls may still
 * be with them.
 */
class Generations {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #all: Promise<Generation>[] = [];
  #models: string | undefined;

  constructor(config: Config, log: Logger) {
    this.#config = config;
    this.#log = log;
  }

  async of(names: ModelNames): Promise<SpeechEngines> {
    const models = JSON.stringify(names);
    if (models !== this.#models) {
      this.#models = models;
      this.#all.push(this.#open(names));
    }
    const last = this.#all.at(-1);
    if (!last) throw new TypeError('There is always one');
    return (await last).engines;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#all.splice(0));
    await Promise.all(
      opened.map(async (result) => {
        if (result.status === 'fulfilled')
          await Promise.all([result.value.engines.close(), result.value.vendors.close()]);
      }),
    );
  }

  async #open(names: ModelNames): Promise<Generation> {
    const vendors = await loadVendors(this.#config, names, this.#log);
    const engines = createSpeechEngines({
      log: this.#log,
      pocketsphinxStreamBin: this.#config.speech.pocketsphinxStreamBin,
      additional: vendors,
    });
    return { engines, vendors };
  }
}

function nobodySpeaks(language: string): AppError {
  return new AppError({
    code: 'language_unsupported',
    kind: 'unavailable',
    message: 'No engine that is configured can hold a call in this language.',
    details: { language },
  });
}
