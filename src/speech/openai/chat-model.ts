import type OpenAI from 'openai';
import type { ChatCompletionChunk, ChatCompletionMessageParam } from 'openai/resources/chat/completions';

import type { TokenUsage } from '../engine.ts';
import { engineError } from './engine-errors.ts';
import type { LanguageModel, ModelMessage, ModelToolCall } from './language-model.ts';
import type { OpenAiContext } from './options.ts';

/** The tutor's model by Chat Completions, which nearly every self-hosted server knows. */
export function createChatModel(client: OpenAI, { models, limits, tutorEffort: effort }: OpenAiContext): LanguageModel {
  return async function* answer({ instructions, messages, tools }, signal) {
    const { data: stream, request_id: requestId } = await client.chat.completions
      .create(
        {
          model: models.tutor,
          messages: [{ role: 'system', content: instructions }, ...messages.flatMap(toMessages)],
          max_completion_tokens: limits.maxOutputTokens,
          ...(effort !== undefined && { reasoning_effort: effort }),
          stream: true,
          stream_options: { include_usage: true },
          ...(tools.length > 0 && {
            tools: tools.map((tool) => ({ type: 'function' as const, function: { ...tool } })),
          }),
        },
        { signal },
      )
      .withResponse();
    if (requestId) yield { type: 'request_id', requestId };
    const calls = new CallAssembler();
    let ended = false;
    for await (const chunk of stream) {
      if (chunk.usage) yield { type: 'usage', usage: tokenUsageOf(chunk.usage) };
      // Other servers leave out what is empty.
      const [choice] = chunk.choices ?? [];
      if (choice?.delta?.content) yield { type: 'text', delta: choice.delta.content };
      for (const part of choice?.delta?.tool_calls ?? []) calls.add(part);
      if (choice?.finish_reason) ended = true;
    }
    if (signal.aborted) return;
    // A stream that is cut ends as quietly as one that is whole.
    if (!ended) throw engineError('engine_failed', 'OpenAI broke off.');
    for (const call of calls.whole()) yield { type: 'call', call };
  };
}

type CallPart = NonNullable<ChatCompletionChunk.Choice.Delta['tool_calls']>[number];

/** A call comes in pieces: its name first, its arguments letter by letter. */
class CallAssembler {
  readonly #calls = new Map<number, { id: string; name: string; arguments: string }>();

  add({ index, id, function: part }: CallPart): void {
    const call = this.#calls.get(index) ?? { id: '', name: '', arguments: '' };
    this.#calls.set(index, call);
    if (id) call.id = id;
    if (part?.name) call.name = part.name;
    call.arguments += part?.arguments ?? '';
  }

  whole(): readonly ModelToolCall[] {
    return [...this.#calls.values()].filter(({ name }) => name !== '');
  }
}

function toMessages(message: ModelMessage): ChatCompletionMessageParam[] {
  if (message.role !== 'tools') return [{ role: message.role, content: message.text }];
  return [
    {
      role: 'assistant',
      tool_calls: message.calls.map(({ id, name, arguments: given }) => ({
        id,
        type: 'function',
        function: { name, arguments: given },
      })),
    },
    ...message.calls.map(({ id, output }) => ({ role: 'tool' as const, tool_call_id: id, content: output })),
  ];
}

function tokenUsageOf(usage: OpenAI.CompletionUsage): TokenUsage {
  const cached = usage.prompt_tokens_details?.cached_tokens;
  return {
    inputTokens: usage.prompt_tokens ?? 0,
    outputTokens: usage.completion_tokens ?? 0,
    ...(cached !== undefined && { cachedInputTokens: cached }),
  };
}
