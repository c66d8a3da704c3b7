import type { ZodType } from 'zod';
import type { SettingOrder } from '../admin/index.ts';
import { billingSettings } from '../billing/billing-settings.ts';
import { conversationSettings } from '../media/conversation-settings.ts';
import { maxOpenCalls } from '../media/placement.ts';
import { recordingsKeptDays, recordingsOffered } from '../media/recording/recording-settings.ts';
import { turnTextsKeptDays } from '../media/turn-retention.ts';
import { voiceTurnSettings } from '../media/voice-turn/voice-turn-settings.ts';
import type { Setting } from '../platform/settings.ts';
import { timeZoneSetting } from '../platform/time-zone.ts';
import { speechSettings } from '../speech/index.ts';

/** What contradicts itself in any other order, by key. */
export const HOUSE_ORDERS: readonly SettingOrder[] = [
  { lower: 'billing.deposit_min_kopecks', upper: 'billing.deposit_max_kopecks' },
  // The three delays of an endpoint, from a turn that sounds finished to one that broke off.
  { lower: 'turns.min_endpoint_delay_ms', upper: 'turns.unsure_endpoint_delay_ms' },
  { lower: 'turns.unsure_endpoint_delay_ms', upper: 'turns.max_endpoint_delay_ms' },
  // Silence is noticed before it is counted.
  { lower: 'turns.voice_stop_ms', upper: 'turns.min_endpoint_delay_ms' },
  { lower: 'turns.voice_release', upper: 'turns.voice_threshold', strict: true },
  // Nobody is asked whether they are there while they are still to be answered, or the tutor is to go on.
  { lower: 'turns.max_endpoint_delay_ms', upper: 'turns.away_after_ms', strict: true },
  { lower: 'turns.false_interruption_ms', upper: 'turns.away_after_ms', strict: true },
  // An upload that stalls is given up before its conversation is.
  { lower: 'voice_turn.upload_silence_seconds', upper: 'voice_turn.idle_seconds', strict: true },
];

/** Every setting of the house, room by room, in the order in which staff see them. */
export function houseSettings(): readonly Setting<ZodType>[] {
  return [
    timeZoneSetting,
    ...billingSettings,
    maxOpenCalls,
    ...conversationSettings,
    ...voiceTurnSettings,
    ...speechSettings,
    recordingsOffered,
    recordingsKeptDays,
    turnTextsKeptDays,
  ];
}
