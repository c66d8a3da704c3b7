import type { TokenUsage } from '../engine.ts';
import type { LessonTool } from './lesson-tools.ts';

export interface ModelToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON */
  readonly arguments: string;
}

export type ModelMessage =
  | { readonly role: 'user' | 'assistant'; readonly text: string }
  /** What the model called, and what came of it. */
  | { readonly role: 'tools'; readonly calls: readonly (ModelToolCall & { readonly output: string })[] };

export interface ModelRequest {
  readonly instructions: string;
  /** Oldest first. */
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly LessonTool[];
}

export type ModelEvent =
  | { readonly type: 'text'; readonly delta: string }
  | { readonly type: 'call'; readonly call: ModelToolCall }
  | { readonly type: 'usage'; readonly usage: TokenUsage }
  | { readonly type: 'request_id'; readonly requestId: string };

/**
 * One request to a model, streamed: what the Responses and the Chat Completions interface have in common.
 * @throws EngineError, or what the SDK throws
 */
export type LanguageModel = (request: ModelRequest, signal: AbortSignal) => AsyncIterable<ModelEvent>;
