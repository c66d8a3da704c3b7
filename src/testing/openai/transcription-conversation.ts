import type { Listener } from './mind.ts';
import { breakConversation, type Conversation, type ConversationContext } from './conversation.ts';
import { type ClientEvent, newId, SAMPLES_PER_MS, samplesOf } from './wire.ts';

/** The vendor: "buffer too small. Expected at least 100ms of audio". */
const SHORTEST_MS = 100;

/** A session that only hears; utterances are committed by the client. */
export class TranscriptionConversation implements Conversation {
  readonly #context: ConversationContext;
  settings: Readonly<Record<string, unknown>> = { type: 'transcription', audio: { input: { turn_detection: null } } };
  #language = 'en';
  #listener: Listener | undefined;
  #itemId = newId('item');
  #lastItemId: string | null = null;
  #bufferedMs = 0;
  /** Transcripts leave one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(context: ConversationContext) {
    this.#context = context;
  }

  receive(event: ClientEvent): void {
    const { wire } = this.#context;
    switch (event.type) {
      case 'session.update':
        return this.#update(event);
      case 'input_audio_buffer.append':
        return this.#append(event);
      case 'input_audio_buffer.clear':
        this.#begin();
        return wire.send('input_audio_buffer.cleared');
      case 'input_audio_buffer.commit':
        return this.#commit(event);
      default:
        wire.error('invalid_value', `Invalid value: '${event.type}'.`, event.event_id);
    }
  }

  close(): void {
    this.#listener?.close();
  }

  #update(event: ClientEvent): void {
    const { wire } = this.#context;
    const session = event.session as
      | {
          readonly type?: string;
          readonly audio?: { readonly input?: { readonly transcription?: { readonly language?: string } } };
        }
      | undefined;
    if (session?.type !== 'transcription') {
      return wire.error(
        'invalid_value',
        'Passing a realtime session update to a transcription session.',
        event.event_id,
      );
    }
    this.settings = { ...this.settings, ...session };
    this.#language = session.audio?.input?.transcription?.language ?? this.#language;
    wire.send('session.updated', { session: { object: 'realtime.transcription_session', ...this.settings } });
  }

  #append(event: ClientEvent): void {
    const { wire, record, mind, onAppend } = this.#context;
    const samples = samplesOf(event.audio);
    if (!samples) return wire.error('invalid_value', 'Invalid audio.', event.event_id);
    const itemId = this.#itemId;
    this.#listener ??= mind.listen({
      language: this.#language,
      onDelta: (delta) => {
        const place = { item_id: itemId, content_index: 0 };
        wire.send('conversation.item.input_audio_transcription.delta', { ...place, delta });
      },
    });
    this.#listener.write(samples);
    this.#bufferedMs += samples.length / SAMPLES_PER_MS;
    record.audioMs += samples.length / SAMPLES_PER_MS;
    record.appends++;
    onAppend?.(record);
  }

  #begin(): void {
    this.#listener?.close();
    this.#listener = undefined;
    this.#bufferedMs = 0;
    this.#itemId = newId('item');
  }

  #commit(event: ClientEvent): void {
    const { wire } = this.#context;
    const listener = this.#listener;
    const durationMs = this.#bufferedMs;
    if (!listener || durationMs < SHORTEST_MS) {
      const message = `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${durationMs.toFixed(2)}ms of audio.`;
      return wire.error('input_audio_buffer_commit_empty', message, event.event_id);
    }
    const itemId = this.#itemId;
    wire.send('input_audio_buffer.committed', { item_id: itemId, previous_item_id: this.#lastItemId });
    const content = [{ type: 'input_audio', transcript: null }];
    const item = { id: itemId, type: 'message', object: 'realtime.item', status: 'completed', role: 'user', content };
    wire.send('conversation.item.added', { item, previous_item_id: this.#lastItemId });
    this.#lastItemId = itemId;
    this.#listener = undefined;
    this.#begin();
    this.#work = this.#work.then(() => this.#transcribe(listener, itemId, durationMs));
  }

  async #transcribe(listener: Listener, itemId: string, durationMs: number): Promise<void> {
    const { wire } = this.#context;
    const transcript = await listener.finish();
    listener.close();
    if (await breakConversation(this.#context)) return;
    const place = { item_id: itemId, content_index: 0 };
    const usage = { type: 'duration', seconds: Math.ceil(durationMs / 1_000) };
    wire.send('conversation.item.input_audio_transcription.completed', { ...place, transcript, usage });
  }
}
