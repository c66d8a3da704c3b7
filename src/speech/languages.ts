import type { EngineKind, Language } from './engine.ts';

/**
 * What each engine understands or speaks, for processes that place calls and load no engine. The engines' own
 * `capabilities` say the same.
 */
export const ENGINE_LANGUAGES: Readonly<Record<EngineKind, Readonly<Record<string, readonly Language[]>>>> = {
  stt: { openai: ['en', 'ru'], yandex: ['en', 'ru'], local: ['en'] },
  tutor: { openai: ['en', 'ru'], yandex: ['en', 'ru'], local: ['en'] },
  tts: { openai: ['en', 'ru'], yandex: ['en', 'ru'], local: ['en', 'ru'] },
  s2s: { openai: ['en', 'ru'] },
};

/** Who is asked first where nobody has said: the first that is configured. */
const PREFERENCE: Readonly<Record<Language, readonly string[]>> = {
  en: ['openai', 'yandex', 'local'],
  ru: ['yandex', 'openai', 'local'],
};

/** Who thinks, where nobody has said. An engine that is wanted for its ear and voice does not come first by that. */
const PREFERRED_TUTORS: readonly string[] = ['openai', 'yandex', 'local'];
const WANTED_FOR_SPEECH: ReadonlySet<string> = new Set(['yandex']);

/** What somebody wants of the engines; what is absent or empty is left to others to want, or to the preference. */
export interface EngineWishes {
  /** Of one vendor as far as it goes: speech to speech where it has that, else its hearing and speaking. */
  readonly engine?: string | undefined;
  /** Exactly these, the first to be tried first. One such list asks for the pipeline. */
  readonly stt?: readonly string[] | undefined;
  readonly tutor?: readonly string[] | undefined;
  readonly tts?: readonly string[] | undefined;
}

/** Names in the order in which to try them. */
export type EnginePlan = Readonly<Record<EngineKind, readonly string[]>>;

export interface PlanOptions {
  readonly language: Language;
  /** The first that wants something of a matter has it: a call before the settings before the environment. */
  readonly wishes: readonly EngineWishes[];
  /** Engines for which there is a key, or that need none. */
  readonly available: ReadonlySet<string>;
  /** The table above unless told. */
  readonly languages?: typeof ENGINE_LANGUAGES;
}

/**
 * Which engines a call is to have. Behind those that were wanted stand all others that can do the same, so that a call goes
 * on when they fail; behind a list, the list alone, and the local voice, for a last word is always to be heard.
 */
export function planEngines({ language, wishes, available, languages = ENGINE_LANGUAGES }: PlanOptions): EnginePlan {
  const decisive = decisiveWishes(wishes);
  const [favourite] = decisive.engine === undefined ? [] : [decisive.engine];
  const order = [...new Set([...(favourite === undefined ? [] : [favourite]), ...PREFERENCE[language]])];
  const others = [...available].filter((name) => !order.includes(name));
  const thinker = favourite === undefined || WANTED_FOR_SPEECH.has(favourite) ? [] : [favourite];
  const thinkers = [...new Set([...thinker, ...PREFERRED_TUTORS])];
  const able = (kind: EngineKind, names: readonly string[]): string[] =>
    names.filter((name) => available.has(name) && languages[kind][name]?.includes(language));
  const listOf = (kind: 'stt' | 'tutor' | 'tts'): string[] => {
    const listed = decisive[kind] ?? [];
    if (listed.length === 0) return able(kind, [...(kind === 'tutor' ? thinkers : order), ...others]);
    return able(kind, kind === 'tts' ? [...new Set([...listed, 'local'])] : listed);
  };
  const mixed = (['stt', 'tutor', 'tts'] as const).some((kind) => (decisive[kind] ?? []).length > 0);
  const first = order.find((name) => available.has(name));
  return {
    s2s: mixed || first === undefined ? [] : able('s2s', [first]),
    stt: listOf('stt'),
    tutor: listOf('tutor'),
    tts: listOf('tts'),
  };
}

/** A wish for one vendor is a wish for all of it: lists of whoever comes after it do not count. */
function decisiveWishes(wishes: readonly EngineWishes[]): EngineWishes {
  const found: { engine?: string; stt?: readonly string[]; tutor?: readonly string[]; tts?: readonly string[] } = {};
  for (const { engine, ...lists } of wishes) {
    for (const kind of ['stt', 'tutor', 'tts'] as const) {
      const list = lists[kind] ?? [];
      if (list.length > 0) found[kind] ??= list;
    }
    if (engine === undefined) continue;
    found.engine = engine;
    break;
  }
  return found;
}

/** Whether these engines can hold a conversation. */
export function canTalk(plan: EnginePlan): boolean {
  return plan.s2s.length > 0 || (plan.stt.length > 0 && plan.tutor.length > 0 && plan.tts.length > 0);
}
