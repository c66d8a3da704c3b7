import { randomUUID } from 'node:crypto';

import { badRequest, EventStream, type Exchange, type Route } from './http-api.ts';
import type { ThinkRequest } from './mind.ts';

type Message = ThinkRequest['messages'][number];
const id = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`;
const tokensOf = (text: string) => Math.ceil(text.length / 4);

/** A streamed answer in words: the space goes with the word behind it, as tokens have it. */
export function wordsOf(text: string): string[] {
  return text.match(/\s*\S+/gu) ?? [];
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as readonly { readonly text?: string }[]).map((part) => part.text ?? '').join('');
}

/** `POST /v1/responses`. https://developers.openai.com/api/reference/resources/responses */
export const createResponse: Route = async (exchange) => {
  const { body, mind } = exchange;
  if (typeof body.model !== 'string') return exchange.refuse(badRequest(400, "Missing required parameter: 'model'."));
  const input = Array.isArray(body.input) ? (body.input as readonly Record<string, unknown>[]) : [];
  const messages = input.flatMap((item): Message[] => {
    if (item.type === 'function_call_output') return [{ role: 'tool', text: String(item.output) }];
    if (item.type === 'function_call') return [];
    return [{ role: item.role === 'assistant' ? 'assistant' : 'user', text: textOf(item.content) }];
  });
  const tools = namesOf(body.tools);
  const { text, calls = [] } = await mind.think({ instructions: textOf(body.instructions), messages, tools });
  const stream = new EventStream(exchange);
  let sequence = 0;
  const send = (type: string, data: object) => stream.send({ type, sequence_number: sequence++, ...data }, type);
  const response = { id: id('resp'), object: 'response', created_at: now(), model: body.model, output: [] };
  await send('response.created', { response: { ...response, status: 'in_progress', usage: null } });
  await send('response.in_progress', { response: { ...response, status: 'in_progress', usage: null } });
  let index = 0;
  if (text !== '') {
    const itemId = id('msg');
    const place = { item_id: itemId, output_index: index, content_index: 0 };
    const item = { id: itemId, type: 'message', role: 'assistant' };
    await send('response.output_item.added', {
      output_index: index,
      item: { ...item, status: 'in_progress', content: [] },
    });
    await send('response.content_part.added', { ...place, part: { type: 'output_text', text: '', annotations: [] } });
    for (const delta of wordsOf(text)) await send('response.output_text.delta', { ...place, delta, logprobs: [] });
    await send('response.output_text.done', { ...place, text, logprobs: [] });
    const part = { type: 'output_text', text, annotations: [] };
    await send('response.content_part.done', { ...place, part });
    await send('response.output_item.done', {
      output_index: index++,
      item: { ...item, status: 'completed', content: [part] },
    });
  }
  for (const call of calls) {
    const item = { id: id('fc'), type: 'function_call', call_id: id('call'), name: call.name, status: 'completed' };
    const place = { output_index: index, item_id: item.id };
    await send('response.output_item.added', {
      output_index: index,
      item: { ...item, arguments: '', status: 'in_progress' },
    });
    await send('response.function_call_arguments.delta', { ...place, delta: call.arguments });
    await send('response.function_call_arguments.done', { ...place, name: call.name, arguments: call.arguments });
    await send('response.output_item.done', { output_index: index++, item: { ...item, arguments: call.arguments } });
  }
  const usage = usageOf(exchange, text);
  await send('response.completed', {
    response: {
      ...response,
      status: 'completed',
      usage: {
        input_tokens: usage.input,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: usage.output,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: usage.input + usage.output,
      },
    },
  });
  stream.end();
};

/** `POST /v1/chat/completions`. https://developers.openai.com/api/reference/resources/chat */
export const createChatCompletion: Route = async (exchange) => {
  const { body, mind } = exchange;
  if (typeof body.model !== 'string') return exchange.refuse(badRequest(400, 'you must provide a model parameter'));
  const given = Array.isArray(body.messages) ? (body.messages as readonly Record<string, unknown>[]) : [];
  const messages = given.flatMap(({ role, content }): Message[] =>
    role === 'user' || role === 'assistant' || role === 'tool' ? [{ role, text: textOf(content) }] : [],
  );
  const instructions = given.find(({ role }) => role === 'system' || role === 'developer')?.content;
  const { text, calls = [] } = await mind.think({
    instructions: textOf(instructions),
    messages,
    tools: namesOf(body.tools),
  });
  const stream = new EventStream(exchange);
  const chunk = { id: id('chatcmpl'), object: 'chat.completion.chunk', created: now(), model: body.model };
  const send = (delta: object, finish: string | null = null) =>
    stream.send({ ...chunk, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });
  await send({ role: 'assistant', content: text === '' ? null : '' });
  for (const content of wordsOf(text)) await send({ content });
  for (const [index, call] of calls.entries()) {
    const whole = { id: id('call'), type: 'function', function: { name: call.name, arguments: '' } };
    await send({ tool_calls: [{ index, ...whole }] });
    await send({ tool_calls: [{ index, function: { arguments: call.arguments } }] });
  }
  await send({}, calls.length > 0 ? 'tool_calls' : 'stop');
  const { input, output } = usageOf(exchange, text);
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  if ((body.stream_options as { include_usage?: boolean } | undefined)?.include_usage) {
    await stream.send({ ...chunk, choices: [], usage });
  }
  stream.end('data: [DONE]\n\n');
};

function namesOf(tools: unknown): string[] {
  if (!Array.isArray(tools)) return [];
  return (tools as readonly { readonly name?: string; readonly function?: { readonly name: string } }[]).flatMap(
    (tool) => tool.name ?? tool.function?.name ?? [],
  );
}

function usageOf({ body }: Exchange, text: string): { readonly input: number; readonly output: number } {
  return { input: tokensOf(JSON.stringify(body.input ?? body.messages ?? '')), output: tokensOf(text) };
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}
