import OpenAI from 'openai';

import { systemClock } from '../../platform/clock.ts';
import { createKeepAliveFetch } from './keep-alive-fetch.ts';
import { DEFAULT_LIMITS, DEFAULT_MODELS, type OpenAiContext, type OpenAiOptions } from './options.ts';

const BASE_URL = 'https://api.openai.com/v1';

/** What was given, with the defaults for what was not. */
export function createContext(options: OpenAiOptions): OpenAiContext {
  const { apiKey, baseUrl = BASE_URL, log, clock = systemClock } = options;
  return {
    apiKey: typeof apiKey === 'string' ? () => apiKey : apiKey,
    baseUrl: baseUrl.replace(/\/+$/, ''),
    models: { ...DEFAULT_MODELS, ...withoutGaps(options.models) },
    voice: options.voice ?? 'marin',
    turnDetection: options.turnDetection ?? 'semantic',
    tutorTools: options.tutorTools ?? true,
    tutorEffort: options.tutorEffort,
    limits: { ...DEFAULT_LIMITS, ...withoutGaps(options.limits) },
    log,
    clock,
  };
}

/** The SDK over connections that stay open. Failed requests are not tried again here: the layer above decides. */
export function createClient(
  { apiKey, baseUrl, limits }: OpenAiContext,
  headers: Readonly<Record<string, string>> = {},
): { readonly client: OpenAI; readonly close: () => void } {
  const connections = createKeepAliveFetch(baseUrl);
  const client = new OpenAI({
    apiKey: async () => apiKey(),
    baseURL: baseUrl,
    fetch: connections.fetch,
    defaultHeaders: headers,
    maxRetries: 0,
    timeout: limits.firstResultMs,
    // Only our configuration counts, not what the SDK finds in the environment.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    // Its log knows bodies.
    logLevel: 'off',
  });
  return { client, close: () => connections.close() };
}

/** An unset variable must not hide a default. */
function withoutGaps<Values extends object>(values: Values | undefined): Partial<Values> {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== undefined)) as Partial<Values>;
}
