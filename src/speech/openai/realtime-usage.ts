import type { TokenUsage } from '../engine.ts';
import type { RealtimeEvent } from './realtime-events.ts';

type VendorUsage = NonNullable<Extract<RealtimeEvent, { readonly type: 'response.done' }>['response']['usage']>;

export function tokenUsageOf(usage: VendorUsage): TokenUsage {
  const { input_token_details: input, output_token_details: output } = usage;
  return {
    inputTokens: usage.input_tokens ?? 0,
    outputTokens: usage.output_tokens ?? 0,
    ...(input?.cached_tokens !== undefined && { cachedInputTokens: input.cached_tokens }),
    ...(input?.audio_tokens !== undefined && { inputAudioTokens: input.audio_tokens }),
    ...(output?.audio_tokens !== undefined && { outputAudioTokens: output.audio_tokens }),
  };
}
