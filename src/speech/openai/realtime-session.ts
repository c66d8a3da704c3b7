import {
  ENGINE_FRAME_SAMPLES,
  type EngineError,
  type SpeechToSpeechEvent,
  type SpeechToSpeechOptions,
  type SpeechToSpeechSession,
} from '../engine.ts';
import type { Timer } from '../../platform/clock.ts';
import { EventQueue } from '../event-queue.ts';
import { newestWithin } from '../token-budget.ts';
import { DialogueRecord } from './dialogue-record.ts';
import { engineError } from './engine-errors.ts';
import { composeInstructions, OCCASIONS } from './lesson-instructions.ts';
import type { LessonAction } from './lesson-tools.ts';
import type { OpenAiContext } from './options.ts';
import { RealtimeLink, type RealtimeLinkListener } from './realtime-link.ts';
import { realtimeSettings } from './realtime-settings.ts';
import { RecentAudio } from './recent-audio.ts';
import { Upsampler } from './upsampler.ts';

/** A replaced session may finish what it owes for so long. */
const RETIRE_MS = 30_000;
/** A renewal that failed is tried again. */
const RENEW_AGAIN_MS = 20_000;
/** A session that the vendor ends this early is not renewed: it would go on forever. */
const SHORTEST_LIFE_MS = 5_000;
/** The learner's turn was over before this: an answer to it is due, or under way. */
const OWN_TAIL_MS = 300;
/** The sound of an answer is over so long after its last word, on the caller's side. */
const TAIL_MS = 500;

export interface RealtimeSessionOptions {
  readonly context: OpenAiContext;
  readonly request: SpeechToSpeechOptions;
  readonly table: Float32Array;
  readonly onClosed: () => void;
}

/**
 * A call's conversation: any number of the vendor's sessions one after the other, of which the learner notices nothing. A new
 * one is opened beside the old one, waits for a pause, is told what was said, hears the last second of audio again, and
 * takes over; the old one finishes what it owes.
 */
export class RealtimeSession implements SpeechToSpeechSession {
  readonly #context: OpenAiContext;
  readonly #request: SpeechToSpeechOptions;
  readonly #onClosed: () => void;
  readonly #queue = new EventQueue<SpeechToSpeechEvent>();
  readonly #upsampler: Upsampler;
  readonly #recent = new RecentAudio();
  readonly #dialogue: DialogueRecord;
  readonly #retired = new Map<RealtimeLink, Timer>();
  #current: RealtimeLink | undefined;
  /** Opened, and waiting for a pause. */
  #next: RealtimeLink | undefined;
  #renewTimer: Timer | undefined;
  #speed = 1;
  /** When what has come of the answers will have been played, if nobody interrupts. */
  #playedUntilMs = 0;

  constructor({ context, request, table, onClosed }: RealtimeSessionOptions) {
    this.#context = context;
    this.#request = request;
    this.#onClosed = onClosed;
    this.#upsampler = new Upsampler(table, ENGINE_FRAME_SAMPLES);
    this.#dialogue = new DialogueRecord(request.history);
    request.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (request.signal.aborted) this.close();
    else {
      this.#current = this.#open();
      this.#tellHistory(this.#current);
      this.#planRenewal(context.limits.renewAfterMs);
    }
  }

  get events(): AsyncIterable<SpeechToSpeechEvent> {
    return this.#queue;
  }

  write(frame: Int16Array): void {
    if (this.#queue.ended) return;
    const audio = this.#upsampler.convert(frame).toString('base64');
    this.#recent.push(audio);
    this.#current?.append(audio);
    if (this.#next?.ready) this.#changeOver(this.#next);
  }

  greet(occasion: 'greeting' | 'away' = 'greeting'): void {
    if (this.#queue.ended || this.#current?.speaking) return;
    this.#current?.answer(`${this.#instructions()}\n\n${OCCASIONS[occasion]}`);
  }

  interrupt(answerId: string, playedMs: number): void {
    if (this.#queue.ended) return;
    this.#playedUntilMs = 0;
    for (const link of [this.#current, ...this.#retired.keys()]) if (link?.interrupt(answerId, playedMs)) return;
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
    this.#renewTimer?.cancel();
    this.#current?.close();
    this.#next?.close();
    for (const [link, timer] of this.#retired) {
      timer.cancel();
      link.close();
    }
    this.#current = this.#next = undefined;
    this.#retired.clear();
    this.#onClosed();
  }

  #instructions(): string {
    return composeInstructions(this.#request);
  }

  #open(): RealtimeLink {
    const { language } = this.#request;
    const session = realtimeSettings(this.#context, {
      instructions: this.#instructions(),
      language,
      speed: this.#speed,
    });
    const link: RealtimeLink = new RealtimeLink({
      context: this.#context,
      session,
      listener: this.#listen(() => link),
    });
    return link;
  }

  #tellHistory(link: RealtimeLink): void {
    const messages = newestWithin(this.#dialogue.messages(), this.#context.limits.historyTokens);
    for (const message of messages) if (message.text.trim() !== '') link.addMessage(message);
  }

  #planRenewal(delayMs: number): void {
    this.#renewTimer?.cancel();
    this.#renewTimer = this.#context.clock.after(delayMs, () => {
      this.#next ??= this.#open();
    });
  }

  /** In a pause, or because the time is up. Nothing that was said is lost, and nothing is answered twice. */
  #changeOver(next: RealtimeLink): void {
    const old = this.#current;
    if (!old) return;
    const nowMs = this.#context.clock.monotonicMs();
    const pause = !old.busy && nowMs > this.#playedUntilMs + TAIL_MS;
    if (!pause && nowMs - old.openedAtMs < this.#context.limits.renewAtLatestMs) return;
    this.#next = undefined;
    this.#current = next;
    this.#tellHistory(next);
    // Within a turn all of it; after a turn it is the old session that answers.
    const lastMs = old.speaking || !old.busy ? Infinity : OWN_TAIL_MS;
    for (const audio of this.#recent.frames(lastMs)) next.append(audio);
    this.#planRenewal(this.#context.limits.renewAfterMs);
    const timer = this.#context.clock.after(RETIRE_MS, () => this.#dismiss(old));
    this.#retired.set(old, timer);
    this.#dismissIfDone(old);
    this.#context.log.info({ engine: 'openai', pause }, 'A realtime session took over');
  }

  #dismissIfDone(link: RealtimeLink): void {
    if (this.#retired.has(link) && !link.owes) this.#dismiss(link);
  }

  #dismiss(link: RealtimeLink): void {
    this.#retired.get(link)?.cancel();
    this.#retired.delete(link);
    link.close();
  }

  /** The vendor ended the session before we did: a new one hears all of the turn again. */
  #expired(link: RealtimeLink, cutAnswer: boolean): void {
    if (this.#retired.has(link)) this.#dismiss(link);
    if (link === this.#next) this.#next = undefined;
    if (link !== this.#current) return;
    if (this.#context.clock.monotonicMs() - link.openedAtMs < SHORTEST_LIFE_MS) {
      this.fail(engineError('engine_failed', 'OpenAI ends its sessions at once.'));
      return;
    }
    const next = this.#next ?? this.#open();
    this.#next = undefined;
    this.#current = next;
    this.#tellHistory(next);
    for (const audio of this.#recent.frames()) next.append(audio);
    if (cutAnswer) next.answer();
    this.#planRenewal(this.#context.limits.renewAfterMs);
  }

  #failed(link: RealtimeLink, error: EngineError): void {
    if (link === this.#current) this.fail(error);
    else if (link === this.#next) {
      this.#context.log.warn({ err: error }, 'A realtime session could not be renewed');
      this.#next = undefined;
      this.#planRenewal(RENEW_AGAIN_MS);
    } else this.#dismiss(link);
  }

  #act(action: LessonAction): void {
    if (action.type === 'end_call') this.#queue.push({ type: 'end_call' });
    if (action.type === 'pace') {
      this.#speed = action.rate;
      this.#current?.setSession({ type: 'realtime', audio: { output: { speed: action.rate } } });
    }
  }

  /** What a link says counts for the call while the link is the current one; a retired one only finishes. */
  #listen(self: () => RealtimeLink): RealtimeLinkListener {
    const queue = this.#queue;
    const isCurrent = () => self() === this.#current;
    let turnEnds = false;
    return {
      ready: () => undefined,
      speechStarted: () => {
        if (!isCurrent()) return;
        this.#recent.turnBegan();
        turnEnds = false;
        if (this.#speechHeld) return;
        this.#speechHeld = true;
        queue.push({ type: 'speech_started' });
      },
      speechStopped: () => {
        if (!isCurrent()) return;
        this.#speechHeld = false;
        turnEnds = true;
        queue.push({ type: 'speech_stopped' });
      },
      learnerTurn: (itemId) => this.#dialogue.begin(itemId, 'learner'),
      heard: (itemId, text, final) => this.#hear(self(), itemId, text, final),
      answerStarted: (answerId) => {
        if (turnEnds) this.#recent.turnEnded();
        turnEnds = false;
        queue.push({ type: 'answer_started', answerId });
      },
      tutorTurn: (itemId) => this.#dialogue.begin(itemId, 'tutor'),
      audio: (answerId, samples) => {
        const nowMs = this.#context.clock.monotonicMs();
        this.#playedUntilMs = Math.max(nowMs, this.#playedUntilMs) + samples.length / 24;
        queue.push({ type: 'audio', answerId, samples });
      },
      text: (answerId, itemId, delta) => {
        this.#dialogue.add(itemId, delta);
        queue.push({ type: 'text', answerId, delta });
      },
      answerFinished: (answerId, itemIds) => {
        queue.push({ type: 'answer_finished', answerId });
        for (const itemId of itemIds) this.#completeTurn(self(), 'tutor', itemId);
        this.#dismissIfDone(self());
      },
      cut: (itemId, share) => this.#dialogue.cut(itemId, share),
      action: (action) => this.#act(action),
      usage: (usage) => queue.push({ type: 'usage', usage }),
      transcribed: (audioMs) => queue.push({ type: 'transcribed', audioMs }),
      expired: (cutAnswer) => this.#expired(self(), cutAnswer),
      failed: (error) => this.#failed(self(), error),
    };
  }

  /** A turn of the learner that was begun in one session may go on in the next. */
  #speechHeld = false;
  /** Of turns whose transcript is still coming. */
  readonly #partials = new Map<string, string>();

  #hear(link: RealtimeLink, itemId: string, text: string, final: boolean): void {
    if (!final) {
      const whole = (this.#partials.get(itemId) ?? '') + text;
      this.#partials.set(itemId, whole);
      this.#queue.push({ type: 'heard', text: whole, final: false });
      return;
    }
    this.#partials.delete(itemId);
    this.#dialogue.begin(itemId, 'learner');
    this.#completeTurn(link, 'learner', itemId, text.trim());
    this.#queue.push({ type: 'heard', text: text.trim(), final: true });
    this.#dismissIfDone(link);
  }

  /** What a retired session finishes, the current one does not know yet. */
  #completeTurn(link: RealtimeLink, speaker: 'learner' | 'tutor', itemId: string, text?: string): void {
    const said = this.#dialogue.complete(itemId, text);
    if (said !== undefined && link !== this.#current) this.#current?.addMessage({ speaker, text: said });
  }
}
