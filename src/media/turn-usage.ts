import type { PricedUse, TokenUsage } from '../speech/engine.ts';

/** One line of `call_turns.usage_lines`. */
export interface UsageLine {
  readonly kind: string;
  readonly engine: string;
  readonly audio_in_ms?: number;
  readonly audio_out_ms?: number;
  readonly characters?: number;
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly cached_input_tokens?: number;
  readonly input_audio_tokens?: number;
  readonly output_audio_tokens?: number;
  readonly transcribed_ms?: number;
  readonly cost_micro_rub: number;
}

interface UsageColumns {
  readonly usageLines: readonly UsageLine[];
  readonly usageAudioInMs: number;
  readonly usageAudioOutMs: number;
  readonly usageCharacters: number;
  readonly usageInputTokens: number;
  readonly usageOutputTokens: number;
  readonly costMicroRub: number;
}

/** A turn's uses as they are stored: a line for each kind and engine, and the sums of all. */
export function toUsageColumns(uses: readonly PricedUse[]): UsageColumns {
  const lines = new Map<string, UsageLine>();
  for (const use of uses) {
    const key = `${use.kind} ${use.engine}`;
    const before = lines.get(key);
    const line = toLine(use);
    lines.set(key, before ? sum(before, line) : line);
  }
  const usageLines = [...lines.values()];
  const total = (name: keyof UsageLine): number =>
    usageLines.reduce((all, line) => all + (Number(line[name] ?? 0) || 0), 0);
  return {
    usageLines,
    usageAudioInMs: total('audio_in_ms'),
    usageAudioOutMs: total('audio_out_ms'),
    usageCharacters: total('characters'),
    usageInputTokens: total('input_tokens'),
    usageOutputTokens: total('output_tokens'),
    costMicroRub: total('cost_micro_rub'),
  };
}

function toLine(use: PricedUse): UsageLine {
  const { kind, engine, audioInMs, audioOutMs, characters, tokens, transcribedMs, costMicroRub } = use;
  return {
    kind,
    engine,
    ...(audioInMs !== undefined && { audio_in_ms: Math.round(audioInMs) }),
    ...(audioOutMs !== undefined && { audio_out_ms: Math.round(audioOutMs) }),
    ...(characters !== undefined && { characters }),
    ...(tokens && toTokens(tokens)),
    ...(transcribedMs !== undefined && { transcribed_ms: Math.round(transcribedMs) }),
    cost_micro_rub: Math.round(costMicroRub),
  };
}

function toTokens(tokens: TokenUsage) {
  const { inputTokens, outputTokens, cachedInputTokens, inputAudioTokens, outputAudioTokens } = tokens;
  return {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    ...(cachedInputTokens !== undefined && { cached_input_tokens: cachedInputTokens }),
    ...(inputAudioTokens !== undefined && { input_audio_tokens: inputAudioTokens }),
    ...(outputAudioTokens !== undefined && { output_audio_tokens: outputAudioTokens }),
  };
}

function sum(one: UsageLine, other: UsageLine): UsageLine {
  const added: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const before = added[name];
    if (typeof value === 'number') added[name] = value + (typeof before === 'number' ? before : 0);
  }
  return added as unknown as UsageLine;
}
