import type { ZodType } from 'zod';
import { billingSettings } from '../billing/billing-settings.ts';
import { conversationSettings } from '../media/conversation-settings.ts';
import { maxOpenCalls } from '../media/placement.ts';
import { recordingsKeptDays, recordingsOffered } from '../media/recording/recording-settings.ts';
import { turnTextsKeptDays } from '../media/turn-retention.ts';
import { voiceTurnSettings } from '../media/voice-turn/voice-turn-settings.ts';
import type { Setting } from '../platform/settings.ts';
import { timeZoneSetting } from '../platform/time-zone.ts';
import { speechSettings } from '../speech/index.ts';

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
