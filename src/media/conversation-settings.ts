import type { Knex } from 'knex';
import { z } from 'zod';
import type { Logger } from '../platform/log.ts';
import { defineSetting, type Setting } from '../platform/settings.ts';
import type { ConversationSettings } from './call/ports.ts';
import { defaultTurnSettings, type TurnSettings } from './call/turn-settings.ts';

/** The numbers of conversation that staff may change. A call reads them when it starts. */

type Unit = 'ms' | 'probability' | 'times';

interface NumberSetting extends Setting<z.ZodNumber> {
  readonly unit: Unit;
  readonly description: string;
}

function milliseconds(name: string, fallback: number, least: number, most: number, description: string): NumberSetting {
  const schema = z.number().int().min(least).max(most);
  return { ...defineSetting({ key: `turns.${name}`, schema, fallback }), unit: 'ms', description };
}

function probability(name: string, fallback: number, description: string): NumberSetting {
  const schema = z.number().min(0.01).max(0.99);
  return { ...defineSetting({ key: `turns.${name}`, schema, fallback }), unit: 'probability', description };
}

const defaults = defaultTurnSettings;

const turns: Readonly<Record<keyof TurnSettings, NumberSetting>> = {
  minEndpointDelayMs: milliseconds(
    'min_endpoint_delay_ms',
    defaults.minEndpointDelayMs,
    100,
    5_000,
    'Silence after which a turn that sounds finished is answered',
  ),
  unsureEndpointDelayMs: milliseconds(
    'unsure_endpoint_delay_ms',
    defaults.unsureEndpointDelayMs,
    100,
    10_000,
    'Silence after which a turn is answered that could be finished, or not',
  ),
  maxEndpointDelayMs: milliseconds(
    'max_endpoint_delay_ms',
    defaults.maxEndpointDelayMs,
    500,
    20_000,
    'Silence after which even a turn that broke off in mid-phrase is answered',
  ),
  speculateAfterMs: milliseconds(
    'speculate_after_ms',
    defaults.speculateAfterMs,
    0,
    60_000,
    'Silence after which an answer is prepared on the guess that the turn is over; longer than every other delay: never',
  ),
  interruptionSpeechMs: milliseconds(
    'interruption_speech_ms',
    defaults.interruptionSpeechMs,
    0,
    5_000,
    "Speech over the tutor's voice that stops the tutor",
  ),
  falseInterruptionMs: milliseconds(
    'false_interruption_ms',
    defaults.falseInterruptionMs,
    200,
    20_000,
    'A stopped tutor goes on when no words came within this time',
  ),
  maxFalseInterruptions: {
    ...defineSetting({
      key: 'turns.max_false_interruptions',
      schema: z.number().int().min(0).max(100),
      fallback: defaults.maxFalseInterruptions,
    }),
    unit: 'times',
    description: 'How often noise may stop one answer; after that only words do',
  },
  answerOverlapMs: milliseconds(
    'answer_overlap_ms',
    defaults.answerOverlapMs,
    0,
    5_000,
    'A "yes" over the tutor\'s last words, no further before their end than this, is an answer to them',
  ),
  uncaughtSpeechMs: milliseconds(
    'uncaught_speech_ms',
    defaults.uncaughtSpeechMs,
    100,
    20_000,
    'Voice of this length that no engine could make words of is answered all the same',
  ),
  engineSilenceMs: milliseconds(
    'engine_silence_ms',
    defaults.engineSilenceMs,
    1_000,
    120_000,
    'Nothing from the engine that thinks or speaks for so long means that it has failed',
  ),
  awayAfterMs: milliseconds(
    'away_after_ms',
    defaults.awayAfterMs,
    3_000,
    600_000,
    'Silence after which the tutor asks once whether the learner is there',
  ),
  endAfterAwayMs: milliseconds(
    'end_after_away_ms',
    defaults.endAfterAwayMs,
    5_000,
    3_600_000,
    'Silence after that question which ends the call',
  ),
};

const voice: Readonly<Record<keyof ConversationSettings['voice'], NumberSetting>> = {
  startThreshold: probability('voice_threshold', 0.5, 'Probability from which a sound is speech'),
  stopThreshold: probability('voice_release', 0.35, 'Probability below which speech is silence again'),
  startAfterMs: milliseconds('voice_start_ms', 60, 0, 1_000, 'Speech that long is noticed'),
  stopAfterMs: milliseconds('voice_stop_ms', 100, 0, 1_000, 'Silence that long is noticed'),
  paddingMs: milliseconds('voice_padding_ms', 300, 0, 1_000, 'Sound before the speech that the engine gets with it'),
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
