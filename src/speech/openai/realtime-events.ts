import { z } from 'zod';

/** The server's events as far as they are used; whatever else an event carries stays unread, and other types are ignored. */
const item = z.object({ item_id: z.string() });
const part = item.extend({ response_id: z.string(), delta: z.string() });
const failure = z.object({
  type: z.string().nullish(),
  code: z.string().nullish(),
  event_id: z.string().nullish(),
});
const count = z.number().nonnegative().optional();

const schemas = {
  error: z.object({ type: z.literal('error'), error: failure }),
  'session.created': z.object({
    type: z.literal('session.created'),
    session: z.object({ id: z.string().optional() }).optional(),
  }),
  'session.updated': z.object({ type: z.literal('session.updated') }),
  'input_audio_buffer.speech_started': item.extend({
    type: z.literal('input_audio_buffer.speech_started'),
    audio_start_ms: count,
  }),
  'input_audio_buffer.speech_stopped': item.extend({
    type: z.literal('input_audio_buffer.speech_stopped'),
    audio_end_ms: count,
  }),
  'input_audio_buffer.committed': item.extend({ type: z.literal('input_audio_buffer.committed') }),
  'conversation.item.input_audio_transcription.delta': item.extend({
    type: z.literal('conversation.item.input_audio_transcription.delta'),
    delta: z.string().default(''),
  }),
  'conversation.item.input_audio_transcription.completed': item.extend({
    type: z.literal('conversation.item.input_audio_transcription.completed'),
    transcript: z.string(),
    usage: z.object({ type: z.string().optional(), seconds: count }).nullish(),
  }),
  'conversation.item.input_audio_transcription.failed': item.extend({
    type: z.literal('conversation.item.input_audio_transcription.failed'),
    error: failure,
  }),
  'response.created': z.object({ type: z.literal('response.created'), response: z.object({ id: z.string() }) }),
  'response.output_item.added': z.object({
    type: z.literal('response.output_item.added'),
    response_id: z.string(),
    item: z.object({ id: z.string(), type: z.string() }),
  }),
  'response.output_item.done': z.object({
    type: z.literal('response.output_item.done'),
    response_id: z.string(),
    item: z.object({
      type: z.string(),
      name: z.string().optional(),
      call_id: z.string().optional(),
      arguments: z.string().optional(),
    }),
  }),
  'response.output_audio.delta': part.extend({ type: z.literal('response.output_audio.delta') }),
  'response.output_audio_transcript.delta': part.extend({ type: z.literal('response.output_audio_transcript.delta') }),
  'response.done': z.object({
    type: z.literal('response.done'),
    response: z.object({
      id: z.string(),
      status: z.string(),
      status_details: z.object({ reason: z.string().nullish(), error: failure.nullish() }).nullish(),
      usage: z
        .object({
          input_tokens: count,
          output_tokens: count,
          input_token_details: z.object({ cached_tokens: count, audio_tokens: count }).nullish(),
          output_token_details: z.object({ audio_tokens: count }).nullish(),
        })
        .nullish(),
    }),
  }),
} as const;

type Schemas = typeof schemas;
export type RealtimeEvent = z.output<Schemas[keyof Schemas]>;

const envelope = z.looseObject({ type: z.string() });

/**
 * The event in a message, or `undefined` for a type that is of no interest.
 * @throws when the message is no event of the protocol; the error repeats nothing of it.
 */
export function parseRealtimeEvent(message: string): RealtimeEvent | undefined {
  let json: unknown;
  try {
    json = JSON.parse(message);
  } catch {
    throw new TypeError('A message that is not JSON');
  }
  const event = envelope.safeParse(json);
  if (!event.success) throw new TypeError('A message without a type');
  const { type } = event.data;
  if (!Object.hasOwn(schemas, type)) return undefined;
  const parsed = schemas[type as keyof Schemas].safeParse(json);
  if (!parsed.success) throw new TypeError(`An event ${type} that does not fit the protocol`);
  return parsed.data;
}
