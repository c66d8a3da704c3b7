import type { Timer } from '../../platform/clock.ts';
import {
  ENGINE_FRAME_SAMPLES,
  type EngineError,
  type TranscriptionEvent,
  type TranscriptionOptions,
  type TranscriptionStream,
} from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { PreRoll } from '../pre-roll.ts';
import { engineError, errorOfFailure } from './engine-errors.ts';
import type { OpenAiContext } from './options.ts';
import type { RealtimeEvent } from './realtime-events.ts';
import { RealtimeSocket } from './realtime-socket.ts';
import { Upsampler } from './upsampler.ts';
import { Watchdog } from './watchdog.ts';

const FRAME_MS = 20;
/** As far back as an utterance may begin before it is noticed. */
const PRE_ROLL_FRAMES = 1_000 / FRAME_MS;
/** The vendor refuses to transcribe less. */
const SHORTEST_MS = 100;
/** A connection that the vendor ends this early is not opened again: it would go on forever. */
const SHORTEST_LIFE_MS = 5_000;

export interface TranscriptionSessionOptions {
  readonly context: OpenAiContext;
  readonly request: TranscriptionOptions;
  readonly table: Float32Array;
  readonly onClosed: () => void;
}

interface Utterance {
  readonly link: Link;
  itemId: string | undefined;
  partial: string;
  final: string | undefined;
  audioMs: number;
}

interface Link {
  readonly socket: RealtimeSocket;
  readonly openedAtMs: number;
}

/** One caller's ear: a connection of the vendor's, replaced between utterances before the vendor ends it. */
export class TranscriptionSession implements TranscriptionStream {
  readonly #context: OpenAiContext;
  readonly #request: TranscriptionOptions;
  readonly #onClosed: () => void;
  readonly #queue = new EventQueue<TranscriptionEvent>();
  readonly #preRoll = new PreRoll({ frames: PRE_ROLL_FRAMES, frameSamples: ENGINE_FRAME_SAMPLES });
  readonly #upsampler: Upsampler;
  readonly #watchdog: Watchdog;
  #link: Link | undefined;
  readonly #retired = new Set<Link>();
  #renewTimer: Timer | undefined;
  #stale = false;
  /** Without a final that was given out, oldest first. */
  #utterances: Utterance[] = [];
  #speaking: Utterance | undefined;

  constructor({ context, request, table, onClosed }: TranscriptionSessionOptions) {
    this.#context = context;
    this.#request = request;
    this.#onClosed = onClosed;
    this.#upsampler = new Upsampler(table, ENGINE_FRAME_SAMPLES);
    this.#watchdog = new Watchdog(context.clock, () =>
      this.fail(engineError('engine_timed_out', 'OpenAI did not transcribe in time.')),
    );
    request.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (request.signal.aborted) this.close();
    else this.#open();
  }

  get events(): AsyncIterable<TranscriptionEvent> {
    return this.#queue;
  }

  write(frame: Int16Array): void {
    if (this.#queue.ended) return;
    if (this.#speaking) this.#send(frame, this.#speaking);
    else this.#preRoll.push(frame);
  }

  startUtterance(prefixMs: number): void {
    if (this.#queue.ended || this.#speaking || !this.#link) return;
    const utterance = { link: this.#link, itemId: undefined, partial: '', final: undefined, audioMs: 0 };
    this.#speaking = utterance;
    this.#utterances.push(utterance);
    this.#preRoll.drain(Math.ceil(Math.max(0, prefixMs) / FRAME_MS), (frame) => this.#send(frame, utterance));
  }

  endUtterance(): void {
    const utterance = this.#speaking;
    if (this.#queue.ended || !utterance) return;
    this.#speaking = undefined;
    const { socket } = utterance.link;
    if (utterance.audioMs < SHORTEST_MS) {
      utterance.final = '';
      socket.send({ type: 'input_audio_buffer.clear' });
      this.#giveFinals();
    } else {
      socket.send({ type: 'input_audio_buffer.commit' });
      this.#watchdog.expect(this.#context.limits.firstResultMs);
    }
    this.#renewIfStale();
  }

  close(): void {
    this.#release();
    this.#queue.endNow();
  }

  /** Closes with an error that the reader still sees. */
  fail(error: EngineError): void {
    if (this.#queue.ended) return;
    this.#release();
    this.#queue.push({ type: 'error', error });
    this.#queue.end();
  }

  readonly #onAbort = (): void => this.close();

  #release(): void {
    this.#request.signal.removeEventListener('abort', this.#onAbort);
    this.#watchdog.rest();
    this.#renewTimer?.cancel();
    this.#link?.socket.close();
    for (const { socket } of this.#retired) socket.close();
    this.#retired.clear();
    this.#link = this.#speaking = undefined;
    this.#utterances = [];
    this.#onClosed();
  }

  #open(): void {
    const { clock, limits, models } = this.#context;
    this.#stale = false;
    const link: Link = {
      openedAtMs: clock.monotonicMs(),
      socket: new RealtimeSocket({
        context: this.#context,
        query: { intent: 'transcription' },
        session: {
          type: 'transcription',
          audio: {
            input: {
              format: { type: 'audio/pcm', rate: 24_000 },
              transcription: { model: models.transcription, language: this.#request.language },
              // The call's own detector marks the utterances.
              turn_detection: null,
            },
          },
        },
        onEvent: (event) => this.#receive(event, link),
        onEnd: (error) => this.#ended(link, error),
      }),
    };
    this.#link = link;
    this.#renewTimer?.cancel();
    this.#renewTimer = clock.after(limits.renewAfterMs, () => {
      this.#stale = true;
      this.#renewIfStale();
    });
  }

  #renewIfStale(): void {
    const old = this.#link;
    if (!this.#stale || this.#speaking || !old) return;
    this.#open();
    this.#retired.add(old);
    this.#dismissIfDone(old);
  }

  #dismissIfDone(link: Link): void {
    if (!this.#retired.has(link) || this.#utterances.some((utterance) => utterance.link === link)) return;
    this.#retired.delete(link);
    link.socket.close();
  }

  #send(frame: Int16Array, utterance: Utterance): void {
    utterance.audioMs += FRAME_MS;
    utterance.link.socket.append(this.#upsampler.convert(frame).toString('base64'));
  }

  #receive(event: RealtimeEvent, link: Link): void {
    switch (event.type) {
      case 'session.created': {
        const { requestId } = link.socket;
        this.#context.log.info(
          { engine: 'openai', sessionId: event.session?.id, requestId },
          'A transcription session is open',
        );
        return;
      }
      case 'input_audio_buffer.committed':
        this.#find(event.item_id, link);
        return;
      case 'conversation.item.input_audio_transcription.delta': {
        const utterance = this.#find(event.item_id, link);
        if (!utterance || utterance.final !== undefined) return;
        utterance.partial += event.delta;
        if (utterance !== this.#speaking) this.#watchdog.expect(this.#context.limits.firstResultMs);
        if (utterance === this.#utterances[0]) this.#givePartial(utterance);
        return;
      }
      case 'conversation.item.input_audio_transcription.completed':
        return this.#complete(this.#find(event.item_id, link), event.transcript.trim());
      case 'conversation.item.input_audio_transcription.failed': {
        const { code, type } = event.error;
        if (code === 'audio_unintelligible') return this.#complete(this.#find(event.item_id, link), '');
        return this.fail(errorOfFailure({ code, type }));
      }
      case 'error':
        return this.#takeError(event.error, link);
      default:
    }
  }

  /** The vendor names an utterance when it hears it, or when it is committed: both in their order. */
  #find(itemId: string, link: Link): Utterance | undefined {
    const named = this.#utterances.find((utterance) => utterance.itemId === itemId);
    if (named) return named;
    const next = this.#utterances.find(
      (one) => one.link === link && one.itemId === undefined && one.final === undefined,
    );
    if (next) next.itemId = itemId;
    return next;
  }

  #complete(utterance: Utterance | undefined, text: string): void {
    if (!utterance || utterance === this.#speaking) return;
    utterance.final ??= text;
    this.#giveFinals();
  }

  #givePartial({ partial }: Utterance): void {
    if (partial.trim() !== '') this.#queue.push({ type: 'partial', text: partial.trim() });
  }

  /** Finals leave in the order of their utterances. */
  #giveFinals(): void {
    for (let [first] = this.#utterances; first?.final !== undefined; [first] = this.#utterances) {
      this.#utterances.shift();
      this.#queue.push({ type: 'final', text: first.final });
      this.#dismissIfDone(first.link);
      const [next] = this.#utterances;
      if (next && next.final === undefined) this.#givePartial(next);
    }
    if (!this.#utterances.some((utterance) => utterance !== this.#speaking)) this.#watchdog.rest();
  }

  #takeError(
    { code, type }: { readonly code?: string | null | undefined; readonly type?: string | null | undefined },
    link: Link,
  ): void {
    this.#context.log.warn(
      { engine: 'openai', code, type, requestId: link.socket.requestId },
      'OpenAI reports an error',
    );
    if (code === 'session_expired') {
      link.socket.close();
      this.#ended(link, errorOfFailure({}));
    } else this.fail(errorOfFailure({ code, type }));
  }

  /** A connection that ends while it owes nothing is opened again. */
  #ended(link: Link, error: EngineError): void {
    this.#retired.delete(link);
    const owes = this.#utterances.some((utterance) => utterance.link === link);
    const livedMs = this.#context.clock.monotonicMs() - link.openedAtMs;
    if (owes || (link === this.#link && livedMs < SHORTEST_LIFE_MS)) this.fail(error);
    else if (link === this.#link) this.#open();
  }
}
