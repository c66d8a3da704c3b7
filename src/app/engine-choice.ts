import type { Knex } from 'knex';
import type { Config } from '../platform/config.ts';
import type { Logger } from '../platform/log.ts';
import type { Language } from '../speech/engine.ts';
import { type EngineSettings, readEngineSettings } from '../speech/engine-settings.ts';
import { canTalk, ENGINE_LANGUAGES, type EnginePlan, type EngineWishes, planEngines } from '../speech/languages.ts';

const LANGUAGES: readonly Language[] = ['en', 'ru'];

/** Which engines a call is to have, as the configuration and the settings are now. */
export interface EngineChoice {
  /** By settings that were read already, or that are read now. */
  plan(
    call: { readonly language: Language; readonly askedEngine?: string | undefined },
    settings?: EngineSettings,
  ): Promise<EnginePlan>;
  /** In which a conversation can be held. */
  languages(): Promise<readonly Language[]>;
}

/** The variable that holds an engine's key; of the engines that need one. */
const KEY_VARIABLES: Readonly<Record<string, string>> = {
  openai: 'OPENAI_API_KEY',
  yandex: 'YANDEX_API_KEY',
};

export function createEngineChoice(options: {
  readonly config: Pick<Config, 'speech'>;
  readonly knex: Knex;
  readonly log: Logger;
}): EngineChoice {
  const { config, knex, log } = options;
  const available = configuredEngines(config);
  const { tutor: tutors, ...rest } = ENGINE_LANGUAGES;
  const { yandex: _, ...otherTutors } = tutors;
  const thinks = config.speech.yandex.folderId !== undefined;
  const languages = thinks ? ENGINE_LANGUAGES : { ...rest, tutor: otherTutors };
  const plan: EngineChoice['plan'] = async ({ language, askedEngine }, given) => {
    const settings = given ?? (await readEngineSettings(knex, log));
    const ofCall: EngineWishes = askedEngine === undefined ? {} : { engine: askedEngine };
    const wishes = [ofCall, settings.wishes(language), config.speech.wishes];
    const wanted = wishes.flatMap(({ engine, stt = [], tutor = [], tts = [] }) => [
      ...(engine === undefined ? [] : [engine]),
      ...stt,
      ...tutor,
      ...tts,
    ]);
    for (const engine of new Set(wanted)) {
      const variable = KEY_VARIABLES[engine];
      if (variable === undefined || available.has(engine)) continue;
      log.error({ engine, variable, language }, 'An engine is wanted that has no key; others serve');
    }
    const tutor = wishes.find(({ tutor: list = [] }) => list.length > 0)?.tutor ?? [];
    if (tutor.includes('yandex') && available.has('yandex') && !thinks) {
      const variable = 'YANDEX_FOLDER_ID';
      log.error({ engine: 'yandex', variable, language }, 'A tutor is wanted that has no folder');
    }
    return planEngines({ language, wishes, available, languages });
  };
  return {
    plan,
    async languages() {
      const plans = await Promise.all(
        LANGUAGES.map(async (language) => ({ language, plan: await plan({ language }) })),
      );
      return plans.filter((one) => canTalk(one.plan)).map(({ language }) => language);
    },
  };
}

/** Every engine by name, with what those lack that cannot serve: for staff who choose. */
export function offeredEngines(
  config: Pick<Config, 'speech'>,
): { readonly name: string; readonly configured: boolean; readonly needs: string | null }[] {
  const available = configuredEngines(config);
  return ['local', ...Object.keys(KEY_VARIABLES)].map((name) => ({
    name,
    configured: available.has(name),
    needs: KEY_VARIABLES[name] ?? null,
  }));
}

/** Those that have a key, or need none. */
function configuredEngines({ speech }: Pick<Config, 'speech'>): ReadonlySet<string> {
  const { openai, yandex } = speech;
  return new Set([
    'local',
    ...(openai.apiKey === undefined ? [] : ['openai']),
    ...(yandex.apiKey === undefined && yandex.iamToken === undefined ? [] : ['yandex']),
  ]);
}
