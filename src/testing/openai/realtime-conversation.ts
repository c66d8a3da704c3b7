import { EnergyDetector } from './energy-detector.ts';
import type { Listener } from './mind.ts';
import { RealtimeItems } from './realtime-items.ts';
import { RealtimeResponse } from './realtime-response.ts';
import type { Conversation, ConversationContext } from './conversation.ts';
import { type ClientEvent, newId, SAMPLES_PER_MS, samplesOf } from './wire.ts';

const PREFIX_MS = 300;

interface TurnDetection {
  readonly type: 'server_vad' | 'semantic_vad';
  readonly silence_duration_ms?: number;
  readonly create_response?: boolean;
  readonly interrupt_response?: boolean;
}

interface Settings {
  readonly type: 'realtime';
  readonly model: string;
  readonly instructions: string;
  readonly tools: readonly { readonly name: string }[];
  readonly audio: {
    readonly input: {
      readonly turn_detection: TurnDetection | null;
      readonly transcription: { readonly model: string; readonly language?: string } | null;
    };
    readonly output: { readonly speed: number; readonly voice: string };
  };
}

/** A session that hears, thinks and speaks: the vendor's events in the vendor's order. */
export class RealtimeConversation implements Conversation {
  readonly #context: ConversationContext;
  readonly #items: RealtimeItems;
  #settings: Settings;
  #detector = new EnergyDetector(500);
  #listener: Listener | undefined;
  /** Of the turn that is heard. */
  #itemId = newId('item');
  /** Before speech was noticed. */
  #prefix: Int16Array[] = [];
  #prefixMs = 0;
  #bufferedMs = 0;
  #active: RealtimeResponse | undefined;

  constructor(context: ConversationContext, model: string) {
    this.#context = context;
    this.#items = new RealtimeItems(context.wire);
    this.#settings = {
      type: 'realtime',
      model,
      instructions: '',
      tools: [],
      audio: {
        input: { turn_detection: { type: 'server_vad' }, transcription: null },
        output: { speed: 1, voice: 'alloy' },
      },
    };
  }

  get settings(): Readonly<Record<string, unknown>> {
    return { ...this.#settings };
  }

  receive(event: ClientEvent): void {
    const { wire } = this.#context;
    switch (event.type) {
      case 'session.update':
        return this.#update(event);
      case 'input_audio_buffer.append':
        return this.#append(event);
      case 'input_audio_buffer.clear':
        this.#forgetAudio();
        return wire.send('input_audio_buffer.cleared');
      case 'input_audio_buffer.commit':
        if (this.#bufferedMs < 100) {
          return wire.error('input_audio_buffer_commit_empty', 'The buffer is too small.', event.event_id);
        }
        return this.#commit(false);
      case 'conversation.item.create':
        return this.#items.create(event);
      case 'conversation.item.truncate':
        return this.#items.truncate(event);
      case 'conversation.item.delete':
        return this.#items.delete(event);
      case 'response.create':
        return this.#respond(event);
      case 'response.cancel':
        if (!this.#active) {
          return wire.error(
            'response_cancel_not_active',
            'Cancellation failed: no active response found',
            event.event_id,
          );
        }
        return this.#active.cancel('client_cancelled');
      default:
        wire.error('invalid_value', `Invalid value: '${event.type}'.`, event.event_id);
    }
  }

  close(): void {
    this.#listener?.close();
  }

  #update(event: ClientEvent): void {
    const { wire } = this.#context;
    const session = (event.session ?? {}) as Partial<Settings>;
    if (session.type !== 'realtime') {
      return wire.error('missing_required_parameter', "Missing required parameter: 'session.type'.", event.event_id);
    }
    const { audio } = this.#settings;
    this.#settings = {
      ...this.#settings,
      ...session,
      audio: {
        input: { ...audio.input, ...session.audio?.input },
        output: { ...audio.output, ...session.audio?.output },
      },
    };
    const detection = session.audio?.input?.turn_detection;
    if (detection) this.#detector = new EnergyDetector(detection.silence_duration_ms ?? 500);
    wire.send('session.updated', { session: { object: 'realtime.session', ...this.#settings } });
  }

  #append(event: ClientEvent): void {
    const { wire, record, onAppend } = this.#context;
    const samples = samplesOf(event.audio);
    if (!samples) return wire.error('invalid_value', 'Invalid audio.', event.event_id);
    const lengthMs = samples.length / SAMPLES_PER_MS;
    record.audioMs += lengthMs;
    record.appends++;
    onAppend?.(record);
    if (this.#listener) this.#listener.write(samples);
    else {
      this.#prefix.push(samples);
      for (this.#prefixMs += lengthMs; this.#prefixMs > PREFIX_MS + lengthMs;) {
        this.#prefixMs -= (this.#prefix.shift()?.length ?? 0) / SAMPLES_PER_MS;
      }
    }
    this.#bufferedMs += lengthMs;
    if (!this.#settings.audio.input.turn_detection) return;
    const detected = this.#detector.push(samples);
    if (detected?.type === 'started') this.#startSpeech(detected.atMs);
    if (detected?.type === 'stopped') {
      wire.send('input_audio_buffer.speech_stopped', { audio_end_ms: detected.atMs, item_id: this.#itemId });
      this.#commit(this.#settings.audio.input.turn_detection.create_response !== false);
    }
  }

  #startSpeech(atMs: number): void {
    const { wire, mind } = this.#context;
    const itemId = this.#itemId;
    wire.send('input_audio_buffer.speech_started', { audio_start_ms: Math.max(0, atMs - PREFIX_MS), item_id: itemId });
    if (this.#settings.audio.input.turn_detection?.interrupt_response !== false) this.#active?.cancel('turn_detected');
    const { transcription } = this.#settings.audio.input;
    this.#listener = mind.listen({
      language: transcription?.language ?? 'en',
      onDelta: (delta) => {
        const place = { item_id: itemId, content_index: 0 };
        if (transcription) wire.send('conversation.item.input_audio_transcription.delta', { ...place, delta });
      },
    });
    for (const samples of this.#prefix) this.#listener.write(samples);
    this.#prefix = [];
    this.#prefixMs = 0;
  }

  #forgetAudio(): void {
    this.#listener?.close();
    this.#listener = undefined;
    this.#prefix = [];
    this.#prefixMs = this.#bufferedMs = 0;
    this.#itemId = newId('item');
  }

  #commit(answers: boolean): void {
    const listener = this.#listener;
    const itemId = this.#itemId;
    const durationMs = this.#bufferedMs;
    this.#listener = undefined;
    this.#forgetAudio();
    this.#items.commitAudio(itemId);
    void this.#understand(listener, itemId, durationMs, answers);
  }

  async #understand(
    listener: Listener | undefined,
    itemId: string,
    durationMs: number,
    answers: boolean,
  ): Promise<void> {
    const { wire } = this.#context;
    const transcript = (await listener?.finish()) ?? '';
    listener?.close();
    this.#items.understood(itemId, transcript, durationMs);
    if (this.#settings.audio.input.transcription) {
      const usage = { type: 'duration', seconds: Math.ceil(durationMs / 1_000) };
      const place = { item_id: itemId, content_index: 0 };
      wire.send('conversation.item.input_audio_transcription.completed', { ...place, transcript, usage });
    }
    if (answers && !(this.#active && this.#context.silentConflicts)) this.#respond({ type: 'response.create' });
  }

  #respond(event: ClientEvent): void {
    const { wire } = this.#context;
    if (this.#active) {
      const message = `Conversation already has an active response in progress: ${this.#active.id}. Wait until the response is finished before creating a new one.`;
      return wire.error('conversation_already_has_active_response', message, event.event_id);
    }
    const { instructions } = (event.response ?? {}) as { readonly instructions?: string };
    const { audio, tools } = this.#settings;
    const active = new RealtimeResponse(this.#context, this.#items, {
      instructions: instructions ?? this.#settings.instructions,
      speed: audio.output.speed,
      tools: tools.map(({ name }) => name),
    });
    this.#active = active;
    void active.run(() => {
      if (this.#active === active) this.#active = undefined;
    });
  }
}
