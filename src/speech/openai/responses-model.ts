import type OpenAI from 'openai';
import type { ResponseInputItem, ResponseUsage } from 'openai/resources/responses/responses';

import type { TokenUsage } from '../engine.ts';
import { engineError, errorOfFailure } from './engine-errors.ts';
import type { LanguageModel, ModelMessage } from './language-model.ts';
import type { OpenAiContext } from './options.ts';

/** The tutor's model by the Responses API. Nothing is stored with the vendor. */
export function createResponsesModel(
  client: OpenAI,
  { models, limits, tutorEffort: effort }: OpenAiContext,
): LanguageModel {
  return async function* answer({ instructions, messages, tools }, signal) {
    const { data: stream, request_id: requestId } = await client.responses
      .create(
        {
          model: models.tutor,
          instructions,
          input: messages.flatMap(toInput),
          max_output_tokens: limits.maxOutputTokens,
          store: false,
          ...(effort !== undefined && { reasoning: { effort } }),
          stream: true,
          ...(tools.length > 0 && { tools: tools.map((tool) => ({ type: 'function', strict: true, ...tool })) }),
        },
        { signal },
      )
      .withResponse();
    if (requestId) yield { type: 'request_id', requestId };
    let ended = false;
    for await (const event of stream) {
      switch (event.type) {
        case 'response.output_text.delta':
          if (typeof event.delta === 'string') yield { type: 'text', delta: event.delta };
          break;
        case 'response.output_item.done':
          if (event.item.type === 'function_call') {
            const { call_id: id, name, arguments: given } = event.item;
            yield { type: 'call', call: { id, name, arguments: given } };
          }
          break;
        case 'response.completed':
        case 'response.incomplete':
          ended = true;
          if (event.response.usage) yield { type: 'usage', usage: tokenUsageOf(event.response.usage) };
          break;
        case 'response.failed': {
          const code = event.response.error?.code;
          throw errorOfFailure({ code });
        }
        case 'error':
          throw errorOfFailure({ code: event.code });
        default:
      }
    }
    // A stream that is aborted or cut ends as quietly as one that is whole.
    if (!ended && !signal.aborted) throw engineError('engine_failed', 'OpenAI broke off.');
  };
}

function toInput(message: ModelMessage): ResponseInputItem[] {
  if (message.role !== 'tools') return [{ type: 'message', role: message.role, content: message.text }];
  return message.calls.flatMap(({ id, name, arguments: given, output }): ResponseInputItem[] => [
    { type: 'function_call', call_id: id, name, arguments: given },
    { type: 'function_call_output', call_id: id, output },
  ]);
}

function tokenUsageOf(usage: ResponseUsage): TokenUsage {
  const cached = usage.input_tokens_details?.cached_tokens;
  return {
    inputTokens: usage.input_tokens ?? 0,
    outputTokens: usage.output_tokens ?? 0,
    ...(cached !== undefined && { cachedInputTokens: cached }),
  };
}
