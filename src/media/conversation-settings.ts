import type { Knex } from 'knex';
import { z } from 'zod';
import type { Logger } from '../platform/log.ts';
import { defineSetting, type Setting } from '../platform/settings.ts';
import type { ConversationSettings } from './call/ports.ts';
import { defaultTurnSettings, type TurnSettings } from './call/turn-settings.ts';

/** The numbers of conversation that staff may change. A call reads them when it starts. */

type NumberSetting = Setting<z.ZodNumber>;
type Description = NumberSetting['description'];

function milliseconds(
  name: string,
  fallback: number,
  least: number,
  most: number,
  description: Description,
): NumberSetting {
  const schema = z.number().int().min(least).max(most);
  return defineSetting({ key: `turns.${name}`, schema, fallback, unit: 'ms', description });
}

function probability(name: string, fallback: number, description: Description): NumberSetting {
  const schema = z.number().min(0.01).max(0.99);
  return defineSetting({ key: `turns.${name}`, schema, fallback, unit: 'probability', description });
}

const defaults = defaultTurnSettings;

const turns: Readonly<Record<keyof TurnSettings, NumberSetting>> = {
  minEndpointDelayMs: milliseconds('min_endpoint_delay_ms', defaults.minEndpointDelayMs, 100, 5_000, {
    en: 'Silence after which a turn that sounds finished is answered',
    ru: 'Тишина, после которой отвечают на реплику, которая звучит законченной',
  }),
  unsureEndpointDelayMs: milliseconds('unsure_endpoint_delay_ms', defaults.unsureEndpointDelayMs, 100, 10_000, {
    en: 'Silence after which a turn is answered that could be finished, or not',
    ru: 'Тишина, после которой отвечают на реплику, о которой не ясно, закончена ли она',
  }),
  maxEndpointDelayMs: milliseconds('max_endpoint_delay_ms', defaults.maxEndpointDelayMs, 500, 20_000, {
    en: 'Silence after which even a turn that broke off in mid-phrase is answered',
    ru: 'Тишина, после которой отвечают даже на реплику, оборванную на полуслове',
  }),
  speculateAfterMs: milliseconds('speculate_after_ms', defaults.speculateAfterMs, 0, 60_000, {
    en: 'Silence after which an answer is prepared on the guess that the turn is over; longer than every other delay: never',
    ru: 'Тишина, после которой ответ готовится заранее, в расчёте на конец реплики; дольше всех других задержек: никогда',
  }),
  interruptionSpeechMs: milliseconds('interruption_speech_ms', defaults.interruptionSpeechMs, 0, 5_000, {
    en: "Speech over the tutor's voice that stops the tutor",
    ru: 'Сколько речи поверх голоса преподавателя останавливает его',
  }),
  falseInterruptionMs: milliseconds('false_interruption_ms', defaults.falseInterruptionMs, 200, 20_000, {
    en: 'A stopped tutor goes on when no words came within this time',
    ru: 'Остановленный преподаватель продолжает, если за это время не было слов',
  }),
  maxFalseInterruptions: defineSetting({
    key: 'turns.max_false_interruptions',
    schema: z.number().int().min(0).max(100),
    fallback: defaults.maxFalseInterruptions,
    unit: 'times',
    description: {
      en: 'How often noise may stop one answer; after that only words do',
      ru: 'Сколько раз шум может остановить один ответ; после этого останавливают только слова',
    },
  }),
  answerOverlapMs: milliseconds('answer_overlap_ms', defaults.answerOverlapMs, 0, 5_000, {
    en: 'A "yes" over the tutor\'s last words, no further before their end than this, is an answer to them',
    ru: '«Да» поверх последних слов преподавателя, не раньше этого времени до их конца, — ответ на них',
  }),
  uncaughtSpeechMs: milliseconds('uncaught_speech_ms', defaults.uncaughtSpeechMs, 100, 20_000, {
    en: 'Voice of this length that no engine could make words of is answered all the same',
    ru: 'На голос такой длины, в котором движок не нашёл слов, всё равно отвечают',
  }),
  engineSilenceMs: milliseconds('engine_silence_ms', defaults.engineSilenceMs, 1_000, 120_000, {
    en: 'Nothing from the engine that thinks or speaks for so long means that it has failed',
    ru: 'Столько времени ничего от движка, который думает или говорит, — значит, он отказал',
  }),
  awayAfterMs: milliseconds('away_after_ms', defaults.awayAfterMs, 3_000, 600_000, {
    en: 'Silence after which the tutor asks once whether the learner is there',
    ru: 'Тишина, после которой преподаватель один раз спрашивает, здесь ли ученик',
  }),
  endAfterAwayMs: milliseconds('end_after_away_ms', defaults.endAfterAwayMs, 5_000, 3_600_000, {
    en: 'Silence after that question which ends the call',
    ru: 'Тишина после этого вопроса, которая заканчивает звонок',
  }),
};

const voice: Readonly<Record<keyof ConversationSettings['voice'], NumberSetting>> = {
  startThreshold: probability('voice_threshold', 0.5, {
    en: 'Probability from which a sound is speech',
    ru: 'Вероятность, с которой звук считается речью',
  }),
  stopThreshold: probability('voice_release', 0.35, {
    en: 'Probability below which speech is silence again',
    ru: 'Вероятность, ниже которой речь снова считается тишиной',
  }),
  startAfterMs: milliseconds('voice_start_ms', 60, 0, 1_000, {
    en: 'Speech that long is noticed',
    ru: 'Речь такой длины замечают',
  }),
  stopAfterMs: milliseconds('voice_stop_ms', 100, 0, 1_000, {
    en: 'Silence that long is noticed',
    ru: 'Тишину такой длины замечают',
  }),
  paddingMs: milliseconds('voice_padding_ms', 300, 0, 1_000, {
    en: 'Sound before the speech that the engine gets with it',
    ru: 'Звук перед речью, который движок получает вместе с ней',
  }),
};

/** All of them: for whoever shows them. */
export const conversationSettings: readonly NumberSetting[] = [...Object.values(turns), ...Object.values(voice)];

/**
 * The numbers as they are now. One that cannot be is replaced by its default and told to the log: a wrong number
 * must not keep anybody from talking.
 */
export async function readConversationSettings(knex: Knex, log: Logger): Promise<ConversationSettings> {
  const keys = conversationSettings.map(({ key }) => key);
  const rows = await knex<{ key: string; value: unknown }>('settings').whereIn('key', keys).select('key', 'value');
  const stored = new Map(rows.map(({ key, value }) => [key, value]));
  const valueOf = ({ key, schema, fallback }: NumberSetting): number => {
    if (!stored.has(key)) return fallback;
    const parsed = schema.safeParse(stored.get(key));
    if (parsed.success) return parsed.data;
    log.error({ key, err: parsed.error }, 'A setting holds a value that it cannot have; its default applies');
    return fallback;
  };
  const read = <Name extends string>(settings: Readonly<Record<Name, NumberSetting>>) =>
    Object.fromEntries(
      Object.entries<NumberSetting>(settings).map(([name, setting]) => [name, valueOf(setting)]),
    ) as Record<Name, number>;
  return { turns: inOrder(read(turns)), voice: read(voice) };
}

/** The three delays of an endpoint lie in their order, whatever was set. */
function inOrder(settings: TurnSettings): TurnSettings {
  const unsureEndpointDelayMs = Math.max(settings.minEndpointDelayMs, settings.unsureEndpointDelayMs);
  const maxEndpointDelayMs = Math.max(unsureEndpointDelayMs, settings.maxEndpointDelayMs);
  return { ...settings, unsureEndpointDelayMs, maxEndpointDelayMs };
}
