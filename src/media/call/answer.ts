import type { Clock } from '../../platform/clock.ts';
import { isAbort } from '../../platform/errors.ts';
import type { Assessment, TextToSpeech, Tutor, TutorMemory, TutorRequest } from '../../speech/engine.ts';
import type { PlayoutSegment } from '../audio/speaker.ts';
import { untilSilent } from './engine-silence.ts';
import { heardText, type SpokenSentence } from './heard-text.ts';
import { SentenceQueue } from './sentence-queue.ts';
import { SentenceSplitter } from './sentence-splitter.ts';
import type { VoiceOutput } from './voice-output.ts';

export interface AnswerOptions {
  readonly request: TutorRequest;
  readonly tutor: Tutor;
  readonly textToSpeech: TextToSpeech;
  readonly speaker: VoiceOutput;
  readonly clock: Clock;
  /** The speaking rate at the beginning; the tutor may change it. */
  readonly rate: number;
  /** An engine that says nothing for so long has failed. */
  readonly engineSilenceMs: number;
  readonly listener: AnswerListener;
}

export type AnswerStage = 'first_token' | 'first_sentence' | 'first_audio' | 'reply';

export interface AnswerListener {
  /** A stage was reached, at this monotonic time. */
  onStage(stage: AnswerStage, atMs: number): void;
  onAssessment(assessment: Assessment): void;
  onText(text: string): void;
  /** The first sound left for the learner. */
  onAudible(): void;
  /** Heard to its end, with nothing more to come. */
  onFinished(): void;
  /** The tutor or the voice failed; what was said before is still played. */
  onFailed(error: unknown): void;
}

/** A sentence that is being or has been spoken. */
interface Utterance {
  readonly text: string;
  /** One after the other; another where the voice changes. */
  readonly segments: PlayoutSegment[];
  readonly wordStarts: { readonly offset: number; readonly startMs: number }[];
  complete: boolean;
}

/**
 * One answer on its way from the tutor to the learner's ear: the tutor's text is cut into sentences, each sentence is
 * synthesized while the earlier ones play, and the speaker's queue holds the rest back. Cancelling stops all of it.
 */
export class Answer {
  readonly #options: AnswerOptions;
  readonly #abort = new AbortController();
  readonly #sentences = new SentenceQueue();
  readonly #utterances: Utterance[] = [];
  readonly #reached = new Set<AnswerStage>();
  #text = '';
  #memory: TutorMemory | undefined;
  #rate: number;
  #endsCall = false;
  #audible = false;
  #settled = false;

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#rate = options.rate;
  }

  /** All of the tutor's text so far. */
  get text(): string {
    return this.#text;
  }

  /** Set by the tutor before its answer ended. */
  get memory(): TutorMemory | undefined {
    return this.#memory;
  }

  /** The speaking rate that this answer leaves. */
  get rate(): number {
    return this.#rate;
  }

  /** The call is to end when this answer has been heard. */
  get endsCall(): boolean {
    return this.#endsCall;
  }

  get audible(): boolean {
    return this.#audible;
  }

  /** The words that were heard so far, by the playout clock. */
  get heardText(): string {
    return heardText(this.#utterances.map(toSpoken));
  }

  start(): void {
    void this.#think();
    void this.#speak();
  }

  /** Stops tutor, voice and sound at once. What was heard can still be asked. Idempotent. */
  cancel(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#abort.abort();
    this.#sentences.close();
    if (this.#utterances.length > 0) this.#options.speaker.stop();
  }

  async #think(): Promise<void> {
    const { tutor, request, listener } = this.#options;
    const splitter = new SentenceSplitter(request.language);
    try {
      for await (const event of this.#events(tutor.name, (signal) => tutor.reply(request, signal))) {
        if (this.#settled) return;
        switch (event.type) {
          case 'text':
            this.#reach('first_token');
            this.#text += event.delta;
            listener.onText(this.#text);
            this.#sentences.add(splitter.push(event.delta));
            break;
          case 'assessment':
            listener.onAssessment(event.assessment);
            break;
          case 'pace':
            this.#rate = event.rate;
            break;
          case 'memory':
            this.#memory = event.memory;
            break;
          case 'end_call':
            this.#endsCall = true;
            break;
          case 'usage':
            break;
          default:
            event satisfies never;
        }
      }
    } catch (error) {
      this.#report(error);
    } finally {
      this.#sentences.add(splitter.flush());
      this.#sentences.end();
    }
  }

  async #speak(): Promise<void> {
    const { speaker } = this.#options;
    try {
      for await (const sentence of this.#sentences) {
        this.#reach('first_sentence');
        await speaker.room(this.#abort.signal);
        await this.#say(sentence);
      }
      await this.#utterances.at(-1)?.segments.at(-1)?.finished;
    } catch (error) {
      this.#report(error);
      await this.#utterances.at(-1)?.segments.at(-1)?.finished;
    }
    if (this.#settled) return;
    this.#settled = true;
    this.#options.listener.onFinished();
  }

  async #say(text: string): Promise<void> {
    const { textToSpeech, request } = this.#options;
    const utterance: Utterance = { text, segments: [], wordStarts: [], complete: false };
    this.#utterances.push(utterance);
    let segment = this.#openSegment(utterance, textToSpeech.sampleRate);
    try {
      const asked = { text, language: request.language, rate: this.#rate };
      const sound = this.#events(textToSpeech.name, (signal) => textToSpeech.synthesize(asked, signal));
      for await (const event of sound) {
        if (this.#settled) return;
        if (event.type === 'word') {
          utterance.wordStarts.push({ offset: event.offset, startMs: event.startMs });
          continue;
        }
        this.#reach('first_audio');
        const { samples, sampleRate = textToSpeech.sampleRate } = event;
        if (sampleRate !== segment.sampleRate) {
          segment.sound.end();
          segment = this.#openSegment(utterance, sampleRate);
        }
        segment.sound.write(samples);
      }
      utterance.complete = true;
    } finally {
      segment.sound.end();
    }
  }

  #openSegment(
    utterance: Utterance,
    sampleRate: number,
  ): { readonly sampleRate: number; readonly sound: PlayoutSegment } {
    const sound = this.#options.speaker.openSegment({ sampleRate, onStarted: () => this.#started() });
    utterance.segments.push(sound);
    return { sampleRate, sound };
  }

  #events<Event>(engine: string, open: (signal: AbortSignal) => AsyncIterable<Event>): AsyncIterable<Event> {
    const { clock, engineSilenceMs: limitMs } = this.#options;
    return untilSilent(open, { engine, limitMs, clock, signal: this.#abort.signal });
  }

  #started(): void {
    if (this.#audible || this.#settled) return;
    this.#audible = true;
    this.#reach('reply');
    this.#options.listener.onAudible();
  }

  #reach(stage: AnswerStage): void {
    if (this.#reached.has(stage)) return;
    this.#reached.add(stage);
    this.#options.listener.onStage(stage, this.#options.clock.monotonicMs());
  }

  #report(error: unknown): void {
    if (this.#settled || (this.#abort.signal.aborted && isAbort(error))) return;
    this.#options.listener.onFailed(error);
  }
}

function toSpoken({ text, segments, wordStarts, complete }: Utterance): SpokenSentence {
  const sum = (ms: (segment: PlayoutSegment) => number) => segments.reduce((all, segment) => all + ms(segment), 0);
  const soundMs = sum(({ writtenMs }) => writtenMs);
  return { text, wordStarts, complete, soundMs, playedMs: sum(({ playedMs }) => playedMs) };
}
