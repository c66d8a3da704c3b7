import type { Timer } from '../../platform/clock.ts';
import {
  EngineError,
  type EngineErrorCode,
  type SpeechToText,
  type TranscriptionEvent,
  type TranscriptionOptions,
  type TranscriptionStream,
} from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { timedOut } from './circuit-breakers.ts';
import { type Candidate, type FallbackContext, inOrderOfTrial } from './fallback-context.ts';
import { ReplayLog } from './replay-log.ts';

export interface FallbackTranscriptionOptions {
  readonly ears: readonly Candidate<SpeechToText>[];
  readonly context: FallbackContext;
  readonly request: TranscriptionOptions;
  /** Another ear hears from now on. */
  readonly onEar: (name: string) => void;
}

interface OpenEar {
  readonly candidate: Candidate<SpeechToText>;
  readonly stream: TranscriptionStream;
  readonly openedAtMs: number;
  heardMs: number;
}

const FRAME_MS = 20;
/** The whole list is tried again and again for so long; then nobody can hear, and the caller is to be told. */
const GIVE_UP_AFTER_MS = 12_000;
const ROUND_DELAY_MS = 250;
/** An idle stream that ends after this was not wanted any more: nobody is to blame. */
const IDLE_LIFE_MS = 2_000;

/** One caller's stream over several ears. */
export class FallbackTranscription implements TranscriptionStream {
  readonly #options: FallbackTranscriptionOptions;
  readonly #log: ReplayLog;
  readonly #queue = new EventQueue<TranscriptionEvent>();
  #ear: OpenEar | undefined;
  #lastName: string | undefined;
  #failure: EngineError | undefined;
  /** Since the last final. */
  readonly #tried = new Set<string>();
  #rounds = 0;
  /** Since the last final, too. */
  #failingSinceMs: number | undefined;
  #mayPass = false;
  #finalTimer: Timer | undefined;
  #roundTimer: Timer | undefined;
  /** The engine has closed the utterance under way by itself, and heard nothing since. */
  #selfClosed = false;

  constructor(options: FallbackTranscriptionOptions) {
    this.#options = options;
    this.#log = new ReplayLog(options.context.limits.replayMs);
    const { signal } = options.request;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.close();
    else this.#openNext();
  }

  get events(): AsyncIterable<TranscriptionEvent> {
    return this.#queue;
  }

  write(frame: Int16Array): void {
    if (this.#queue.ended) return;
    this.#log.write(frame);
    if (!this.#ear) return;
    if (this.#log.speaking || !hearsUtterancesOnly(this.#ear)) this.#ear.heardMs += FRAME_MS;
    this.#ear.stream.write(frame);
  }

  startUtterance(prefixMs: number): void {
    if (this.#queue.ended) return;
    this.#selfClosed = false;
    if (this.#ear && !this.#log.speaking && hearsUtterancesOnly(this.#ear)) this.#ear.heardMs += prefixMs;
    this.#log.start(prefixMs);
    this.#ear?.stream.startUtterance(prefixMs);
  }

  endUtterance(): void {
    if (this.#queue.ended) return;
    this.#log.end();
    if (this.#selfClosed) this.#log.waive();
    this.#ear?.stream.endUtterance();
    this.#expectFinal();
  }

  close(): void {
    this.#finalTimer?.cancel();
    this.#roundTimer?.cancel();
    this.#options.request.signal.removeEventListener('abort', this.#onAbort);
    this.#closeEar();
    this.#queue.endNow();
  }

  readonly #onAbort = (): void => this.close();

  #openNext(): void {
    const { context, ears, request, onEar } = this.#options;
    const candidate = inOrderOfTrial(ears).find(({ engine }) => !this.#tried.has(engine.name));
    if (!candidate) return this.#nextRound();
    const { name } = candidate.engine;
    this.#tried.add(name);
    if (this.#lastName !== undefined && this.#lastName !== name) {
      context.onChange({ kind: 'stt', from: this.#lastName, to: name, code: this.#failure?.code ?? 'engine_failed' });
    }
    this.#lastName = name;
    onEar(name);
    const stream = candidate.engine.open(request);
    const ear: OpenEar = { candidate, stream, heardMs: 0, openedAtMs: context.clock.monotonicMs() };
    if (!this.#log.idle || !hearsUtterancesOnly(ear)) ear.heardMs = this.#log.lengthMs;
    this.#ear = ear;
    this.#log.replay(stream);
    void this.#listen(ear);
    this.#expectFinal();
  }

  async #listen(ear: OpenEar): Promise<void> {
    try {
      for await (const event of ear.stream.events) {
        if (this.#ear !== ear) return;
        if (event.type === 'error') return this.#broken(ear, event.error);
        this.#receive(ear, event);
      }
      this.#broken(ear, brokeOff(ear.candidate.engine.name));
    } catch (error) {
      this.#broken(ear, error instanceof EngineError ? error : brokeOff(ear.candidate.engine.name, error));
    }
  }

  #receive(ear: OpenEar, event: Exclude<TranscriptionEvent, { type: 'error' }>): void {
    if (event.type === 'final') {
      // One that speaks of the utterance under way is the engine's own; those that are due come first.
      this.#selfClosed = this.#log.due === 0;
      this.#log.final();
      this.#tried.clear();
      this.#tried.add(ear.candidate.engine.name);
      this.#rounds = 0;
      this.#failingSinceMs = undefined;
      ear.candidate.breaker.succeeded();
      this.#count(ear);
    } else if (event.type === 'partial' && event.text !== '') this.#selfClosed = false;
    this.#expectFinal();
    this.#queue.push(event);
  }

  /** A final that is due has to come; but where no other ear could do better, it is waited for. */
  #expectFinal(): void {
    this.#finalTimer?.cancel();
    const ear = this.#ear;
    const { ears, context } = this.#options;
    if (!ear || this.#log.due === 0 || ears.length < 2) return;
    const { finalMs } = context.limits;
    this.#finalTimer = context.clock.after(finalMs, () =>
      this.#broken(ear, timedOut(ear.candidate.engine.name, finalMs)),
    );
  }

  #broken(ear: OpenEar, error: EngineError): void {
    if (this.#ear !== ear || this.#queue.ended) return;
    const { context, request } = this.#options;
    if (request.signal.aborted) return;
    this.#closeEar();
    this.#failure = error;
    this.#failingSinceMs ??= context.clock.monotonicMs();
    this.#mayPass ||= error.retryable;
    const livedMs = context.clock.monotonicMs() - ear.openedAtMs;
    const { name } = ear.candidate.engine;
    context.log.warn({ err: error, engine: name, replayMs: this.#log.lengthMs }, 'An ear failed');
    if (this.#log.idle && error.retryable && livedMs >= IDLE_LIFE_MS) this.#tried.delete(name);
    else ear.candidate.breaker.failed(error);
    this.#openNext();
  }

  #nextRound(): void {
    const { clock } = this.#options.context;
    this.#rounds += 1;
    const delayMs = ROUND_DELAY_MS * 2 ** this.#rounds;
    const triedMs = clock.monotonicMs() - (this.#failingSinceMs ?? 0);
    if (!this.#mayPass || triedMs + delayMs > GIVE_UP_AFTER_MS) {
      this.#queue.push({ type: 'error', error: nobodyHears(this.#lastName ?? 'none', this.#failure) });
      this.#queue.end();
      return;
    }
    this.#tried.clear();
    this.#mayPass = false;
    this.#roundTimer = clock.after(delayMs, () => this.#openNext());
  }

  #closeEar(): void {
    const ear = this.#ear;
    if (!ear) return;
    this.#finalTimer?.cancel();
    this.#ear = undefined;
    ear.stream.close();
    this.#count(ear);
  }

  #count(ear: OpenEar): void {
    if (ear.heardMs === 0) return;
    this.#options.context.onUse({ kind: 'stt', engine: ear.candidate.engine.name, audioInMs: ear.heardMs });
    ear.heardMs = 0;
  }
}

function hearsUtterancesOnly({ candidate }: OpenEar): boolean {
  return candidate.engine.capabilities.utterancesOnly === true;
}

/** All that could be tried was tried: whoever gets this need not try again. */
function nobodyHears(engine: string, failure: EngineError | undefined): EngineError {
  return new EngineError({
    engine,
    code: (failure?.code as EngineErrorCode | undefined) ?? 'engine_unavailable',
    message: 'No engine can hear at this moment.',
    retryable: false,
    cause: failure,
  });
}

function brokeOff(engine: string, cause?: unknown): EngineError {
  return new EngineError({
    engine,
    code: 'engine_failed',
    message: 'The engine ended its stream without being asked to.',
    retryable: true,
    cause,
  });
}
