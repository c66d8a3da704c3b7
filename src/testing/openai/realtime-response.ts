import { keepPace } from './http-api.ts';
import type { Thought } from './mind.ts';
import type { RealtimeItems } from './realtime-items.ts';
import { breakConversation, type ConversationContext } from './conversation.ts';
import { wordsOf } from './text-routes.ts';
import { newId, SAMPLES_PER_MS } from './wire.ts';

interface ResponseSettings {
  readonly instructions: string;
  readonly speed: number;
  readonly tools: readonly string[];
}

type CancelReason = 'client_cancelled' | 'turn_detected';

/** One answer, from `response.created` to `response.done`. */
export class RealtimeResponse {
  readonly id = newId('resp');
  readonly #context: ConversationContext;
  readonly #items: RealtimeItems;
  readonly #settings: ResponseSettings;
  readonly #stop = new AbortController();
  #cancelled: CancelReason | undefined;
  #audioMs = 0;
  #letters = 0;

  constructor(context: ConversationContext, items: RealtimeItems, settings: ResponseSettings) {
    this.#context = context;
    this.#items = items;
    this.#settings = settings;
  }

  cancel(reason: CancelReason): void {
    this.#cancelled ??= reason;
    this.#stop.abort();
  }

  /** Never rejects. `over` comes before `response.done` is sent, so that the client may ask for the next at once. */
  async run(over: () => void): Promise<void> {
    const { wire, mind, signal } = this.#context;
    const { instructions, tools } = this.#settings;
    const response = { id: this.id, object: 'realtime.response', output: [], conversation_id: 'conv_1' };
    wire.send('response.created', { response: { ...response, status: 'in_progress', status_details: null } });
    let failed = false;
    try {
      const thought = await mind.think({ instructions, messages: this.#items.messages, tools });
      if (thought.text !== '' && !this.#stop.signal.aborted && (await this.#speak(thought.text))) return;
      if (!this.#cancelled) this.#call(thought);
    } catch {
      failed = true;
    }
    over();
    if (signal.aborted) return;
    const status = failed ? 'failed' : this.#cancelled ? 'cancelled' : 'completed';
    const details = failed
      ? { type: status, error: { type: 'server_error', code: null } }
      : this.#cancelled
        ? { type: status, reason: this.#cancelled }
        : null;
    wire.send('response.done', { response: { ...response, status, status_details: details, usage: this.#usage() } });
    wire.send('rate_limits.updated', {
      rate_limits: [{ name: 'tokens', limit: 40_000, remaining: 39_000, reset_seconds: 1 }],
    });
  }

  /** Words come a little ahead of their sound. @returns whether nothing more may be sent */
  async #speak(text: string): Promise<boolean> {
    const { wire, mind, pace, signal } = this.#context;
    const itemId = newId('item');
    const place = { response_id: this.id, item_id: itemId, output_index: 0, content_index: 0 };
    const item = { id: itemId, object: 'realtime.item', type: 'message', role: 'assistant', content: [] };
    wire.send('response.output_item.added', {
      response_id: this.id,
      output_index: 0,
      item: { ...item, status: 'in_progress' },
    });
    this.#items.beginAnswer(itemId);
    wire.send('response.content_part.added', { ...place, part: { type: 'audio', transcript: '' } });
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    const words = wordsOf(text);
    const say = (word: string) => {
      this.#letters += word.length;
      this.#items.extendAnswer(itemId, word, 0);
      wire.send('response.output_audio_transcript.delta', { ...place, delta: word });
    };
    let pieces = 0;
    for await (const samples of mind.speak(text, { speed: this.#settings.speed, signal: stop })) {
      if (stop.aborted) break;
      if (pieces++ === 1 && (await breakConversation(this.#context))) return true;
      for (const word of words.splice(0, 2)) say(word);
      const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
      const lengthMs = samples.length / SAMPLES_PER_MS;
      this.#audioMs += lengthMs;
      this.#items.extendAnswer(itemId, '', lengthMs);
      wire.send('response.output_audio.delta', { ...place, delta: bytes.toString('base64') });
      await keepPace(lengthMs, pace, stop);
    }
    if (!stop.aborted) for (const word of words) say(word);
    const transcript = this.#cancelled ? '' : text;
    wire.send('response.output_audio.done', place);
    wire.send('response.output_audio_transcript.done', { ...place, transcript });
    wire.send('response.content_part.done', { ...place, part: { type: 'audio', transcript } });
    const status = this.#cancelled ? 'incomplete' : 'completed';
    const whole = { ...item, status, content: [{ type: 'output_audio', transcript }] };
    wire.send('response.output_item.done', { response_id: this.id, output_index: 0, item: whole });
    wire.send('conversation.item.done', { previous_item_id: null, item: whole });
    return false;
  }

  #call({ calls = [], text }: Thought): void {
    const { wire } = this.#context;
    const first = text === '' ? 0 : 1;
    for (const [index, { name, arguments: given }] of calls.entries()) {
      const item = { id: newId('item'), object: 'realtime.item', type: 'function_call', name, call_id: newId('call') };
      const place = { response_id: this.id, item_id: item.id, output_index: first + index, call_id: item.call_id };
      const at = { response_id: this.id, output_index: first + index };
      wire.send('response.output_item.added', { ...at, item: { ...item, status: 'in_progress', arguments: '' } });
      wire.send('response.function_call_arguments.delta', { ...place, delta: given });
      wire.send('response.function_call_arguments.done', { ...place, name, arguments: given });
      wire.send('response.output_item.done', { ...at, item: { ...item, status: 'completed', arguments: given } });
    }
  }

  #usage(): object {
    const audio = Math.ceil(this.#audioMs / 50);
    const text = Math.ceil(this.#letters / 4);
    const input = Math.ceil((this.#items.letters + this.#settings.instructions.length) / 4);
    return {
      total_tokens: input + audio + text,
      input_tokens: input,
      output_tokens: audio + text,
      input_token_details: { text_tokens: input, audio_tokens: 0, image_tokens: 0, cached_tokens: 0 },
      output_token_details: { text_tokens: text, audio_tokens: audio },
    };
  }
}
