import type { Knex } from 'knex';
import type { CallEngines } from '../media/call/call-engines.ts';
import type { EngineRequest } from '../media/call/registry.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { EngineKind, Tutor } from '../speech/engine.ts';
import { type ModelNames, readEngineSettings } from '../speech/engine-settings.ts';
import { createFallback } from '../speech/fallback/call-engines.ts';
import { createSpeechEngines, type EngineDescription, type SpeechEngines } from '../speech/index.ts';
import { canTalk, type EnginePlan } from '../speech/languages.ts';
import { createEngineChoice } from './engine-choice.ts';
import { vendorLoaders } from './engine-vendors.ts';
import { LoadedVendors } from './loaded-vendors.ts';

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

/** The engines that the configuration and the settings ask for. */
export function configuredEngines(config: Config, { log, knex, metrics }: EngineParts): EngineSource {
  const choice = createEngineChoice({ config, knex, log });
  const fallback = createFallback({ clock: systemClock, log, metrics });
  const engines = openEngines(config, log);
  // The first call does not wait for the vendors' packages, and no other call stops while they load.
  const loaded = readEngineSettings(knex, log)
    .then(async ({ models }) => {
      await engines.of(models);
      log.info({ languages: await choice.languages() }, 'Lessons can be held in these languages');
    })
    .catch((err: unknown) => log.warn({ err }, 'The engines are loaded with the first call'));
  return {
    async choose({ language, askedEngine, callId }) {
      const settings = await readEngineSettings(knex, log);
      const [planned, there] = await Promise.all([
        choice.plan({ language, askedEngine }, settings),
        engines.of(settings.models),
      ]);
      const plan = withoutMissing(planned, there.describe());
      if (!canTalk(plan)) throw nobodySpeaks(language);
      return fallback.forCall(
        {
          speechToSpeech: plan.s2s.map((name) => there.speechToSpeech(name)),
          speechToText: plan.stt.map((name) => there.speechToText(name)),
          tutors: plan.tutor.map((name) => there.tutor(name)),
          textToSpeech: plan.tts.map((name) => there.textToSpeech(name)),
        },
        settings,
        log.child({ call: callId }),
      );
    },
    async close() {
      fallback.close();
      await loaded;
      await engines.close();
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
  const planned = await createEngineChoice({ config, knex, log }).plan({ language }, settings);
  const engines = openEngines(config, log);
  const there = await engines.of(settings.models);
  const [name] = withoutMissing(planned, there.describe()).tutor;
  if (name !== undefined) return { tutor: there.tutor(name), close: () => engines.close() };
  await engines.close();
  throw nobodySpeaks(language);
}

/** The local engines, and the vendors' with the model names that are set now. */
function openEngines(config: Config, log: Logger) {
  const { pocketsphinxStreamBin } = config.speech;
  const local = createSpeechEngines({ log, pocketsphinxStreamBin });
  const vendors = new LoadedVendors(vendorLoaders(config, log), log);
  return {
    of: async (models: ModelNames): Promise<SpeechEngines> => local.with(await vendors.of(models)),
    async close(): Promise<void> {
      await Promise.all([vendors.close(), local.close()]);
    },
  };
}

/** Without the engines of a vendor that could not be loaded. */
function withoutMissing(plan: EnginePlan, there: readonly EngineDescription[]): EnginePlan {
  const namesOf = (kind: EngineKind) =>
    plan[kind].filter((name) => there.some((engine) => engine.kind === kind && engine.name === name));
  return { s2s: namesOf('s2s'), stt: namesOf('stt'), tutor: namesOf('tutor'), tts: namesOf('tts') };
}

function nobodySpeaks(language: string): AppError {
  return new AppError({
    code: 'language_unsupported',
    kind: 'unavailable',
    message: 'No engine that is configured can hold a call in this language.',
    details: { language },
  });
}
