import type { ThinkRequest } from './mind.ts';
import { type ClientEvent, newId, type Wire } from './wire.ts';

interface Item {
  readonly id: string;
  readonly role: ThinkRequest['messages'][number]['role'];
  text: string;
  /** Of the tutor's speech. */
  audioMs: number;
}

/** The conversation of a session, as the model sees it. */
export class RealtimeItems {
  readonly #wire: Wire;
  #items: Item[] = [];

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get messages(): ThinkRequest['messages'] {
    return this.#items.filter(({ text }) => text !== '').map(({ role, text }) => ({ role, text }));
  }

  /** For the sums of tokens. */
  get letters(): number {
    return this.#items.reduce((sum, { text }) => sum + text.length, 0);
  }

  create(event: ClientEvent): void {
    const item = event.item as
      | {
          readonly id?: string;
          readonly type?: string;
          readonly role?: string;
          readonly output?: string;
          readonly content?: readonly { readonly type: string; readonly text?: string }[];
        }
      | undefined;
    const kinds: Readonly<Record<string, string>> = {
      user: 'input_text',
      assistant: 'output_text',
      system: 'input_text',
    };
    const kind = kinds[item?.role ?? ''];
    const fits = item?.type === 'message' && item.content?.every(({ type }) => type === kind);
    if (!item || (!fits && item.type !== 'function_call_output')) {
      this.#wire.error('invalid_value', 'Invalid value in item.', event.event_id);
      return;
    }
    const id = item.id ?? newId('item');
    const text = item.output ?? item.content?.map((part) => part.text ?? '').join('') ?? '';
    const role = item.type === 'function_call_output' ? 'tool' : item.role === 'assistant' ? 'assistant' : 'user';
    this.#add({ id, role, text, audioMs: 0 }, { ...item, id, object: 'realtime.item', status: 'completed' });
  }

  /** The learner's speech is in; its words come later. */
  commitAudio(itemId: string): void {
    const before = this.#items.at(-1)?.id ?? null;
    this.#wire.send('input_audio_buffer.committed', { item_id: itemId, previous_item_id: before });
    const content = [{ type: 'input_audio', transcript: null }];
    const item = { id: itemId, object: 'realtime.item', type: 'message', status: 'completed', role: 'user', content };
    this.#add({ id: itemId, role: 'user', text: '', audioMs: 0 }, item);
  }

  understood(itemId: string, text: string, audioMs: number): void {
    const item = this.#items.find(({ id }) => id === itemId);
    if (item) Object.assign(item, { text, audioMs });
  }

  beginAnswer(itemId: string): void {
    const item = {
      id: itemId,
      object: 'realtime.item',
      type: 'message',
      status: 'in_progress',
      role: 'assistant',
      content: [],
    };
    this.#add({ id: itemId, role: 'assistant', text: '', audioMs: 0 }, item);
  }

  extendAnswer(itemId: string, text: string, audioMs: number): void {
    const item = this.#items.find(({ id }) => id === itemId);
    if (!item) return;
    item.text += text;
    item.audioMs += audioMs;
  }

  truncate(event: ClientEvent): void {
    const { item_id: itemId, audio_end_ms: endMs } = event;
    const item = this.#items.find(({ id, role }) => id === itemId && role === 'assistant');
    if (!item || typeof endMs !== 'number' || !Number.isInteger(endMs) || endMs < 0) {
      this.#wire.error(
        'invalid_value',
        'Only assistant messages can be truncated, at whole milliseconds.',
        event.event_id,
      );
      return;
    }
    if (endMs > item.audioMs) {
      const message = `Audio content of ${Math.floor(item.audioMs)}ms is already shorter than ${endMs}ms`;
      this.#wire.error('invalid_value', message, event.event_id);
      return;
    }
    item.text = item.text.slice(0, Math.floor((item.text.length * endMs) / item.audioMs));
    item.audioMs = endMs;
    this.#wire.send('conversation.item.truncated', { item_id: itemId, content_index: 0, audio_end_ms: endMs });
  }

  delete(event: ClientEvent): void {
    const { item_id: itemId } = event;
    if (!this.#items.some(({ id }) => id === itemId)) {
      this.#wire.error('item_delete_invalid_item_id', 'There is no such item.', event.event_id);
      return;
    }
    this.#items = this.#items.filter(({ id }) => id !== itemId);
    this.#wire.send('conversation.item.deleted', { item_id: itemId });
  }

  #add(item: Item, wire: object): void {
    const before = this.#items.at(-1)?.id ?? null;
    this.#items.push(item);
    this.#wire.send('conversation.item.added', { previous_item_id: before, item: wire });
    if (item.role !== 'assistant' || item.text !== '') {
      this.#wire.send('conversation.item.done', { previous_item_id: before, item: wire });
    }
  }
}
