import { systemClock, type Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { Tutor } from '../engine.ts';
import { createChatModel } from './chat-model.ts';
import { createClient, createContext } from './client.ts';
import type { ApiKey, OpenAiLimits } from './options.ts';
import { createOpenAiTutor } from './tutor.ts';

export interface CompatibleTutorOptions {
  /** Of the engine: it is not OpenAI that answers. */
  readonly name: string;
  readonly apiKey: ApiKey;
  readonly baseUrl: string;
  readonly model: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Off for models that refuse requests with tools. */
  readonly tools?: boolean | undefined;
  readonly limits?: Partial<OpenAiLimits> | undefined;
  readonly log: Logger;
  readonly clock?: Clock | undefined;
}

/** A tutor on another vendor's model that is spoken to by Chat Completions. Nothing is opened by it. */
export function createCompatibleTutor(options: CompatibleTutorOptions): { readonly tutor: Tutor; close(): void } {
  const { name, apiKey, baseUrl, model, headers, tools, limits, log, clock = systemClock } = options;
  const context = createContext({ apiKey, baseUrl, models: { tutor: model }, tutorTools: tools, limits, log, clock });
  const { client, close } = createClient(context, headers);
  return { tutor: createOpenAiTutor(createChatModel(client, context), context, name), close };
}
