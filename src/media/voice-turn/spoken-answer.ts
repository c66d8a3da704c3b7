import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { PricedUse, TutorMemory } from '../../speech/engine.ts';
import type { CallMetrics } from '../call/call-metrics.ts';
import type { CallEngines } from '../call/registry.ts';
import type { CallRecord, TurnRecord } from '../call/ports.ts';
import { Transcript } from '../call/transcript.ts';
import { TurnBook } from '../call/turn-book.ts';
import { TutorSide } from '../call/tutor-side.ts';
import type { Mp3Encoder } from '../transcoding/transcoder.ts';
import type { AnswerForm } from './answer-forms.ts';
import { Mp3Output } from './mp3-output.ts';
import { answerFailed } from './voice-turn-errors.ts';

export interface SpokenAnswerOptions {
  readonly call: CallRecord;
  /** Earlier turns, oldest first. */
  readonly earlier: readonly TurnRecord[];
  readonly heard: {
    readonly text: string;
    /** How long the audio was, and when its end was heard, on the monotonic clock. */
    readonly soundMs: number;
    readonly endedAtMs: number;
  };
  readonly engines: CallEngines;
  readonly instructions: string;
  readonly engineSilenceMs: number;
  readonly encoder: Mp3Encoder;
  readonly form: AnswerForm;
  /** Nobody listens any more. */
  readonly gone: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: CallMetrics;
}

export interface SpokenAnswer {
  readonly text: string;
  /** Both sides' turns, as they are to be kept. */
  readonly turns: readonly TurnRecord[];
  readonly memory: TutorMemory | undefined;
  /** The tutor has ended the lesson. */
  readonly over: boolean;
}

/**
 * Lets the tutor answer, as in a call, into MP3 that is sent as it is made. When the listener leaves, it stops; what had been
 * sent by then has been heard.
 * @returns `undefined` when the listener left before the first sound
 * @throws AppError: the engine's code, when the answer did not come to its end
 */
export async function speakAnswer(options: SpokenAnswerOptions): Promise<SpokenAnswer | undefined> {
  const { call, heard, engines, encoder, form, gone, clock, log, metrics } = options;
  const { speechToText, tutor, textToSpeech } = engines;
  const finished = Promise.withResolvers<void>();
  const output = new Mp3Output(encoder, textToSpeech.sampleRate);
  const transcript = new Transcript(options.earlier);
  const turns = new Map<number, TurnRecord>();
  const uses: PricedUse[] = [];
  engines.listen?.({ onUse: (use) => uses.push(use), onChange: () => undefined });
  let memory: TutorMemory | undefined;
  let text = '';
  let failure: string | undefined;
  let over = false;
  let sent = false;

  const book = new TurnBook({
    transcript,
    engines: () => ({ learner: { stt: speechToText.name }, tutor: { tutor: tutor.name, tts: textToSpeech.name } }),
    talkedMs: () => Math.round(call.talkedMs + heard.soundMs),
    listener: {
      onCaption(caption) {
        if (caption.speaker !== 'tutor' || caption.text === text) return;
        text = caption.text;
        form.answer(text);
      },
      onTurn: (turn) => turns.set(turn.ordinal, turn),
      onLatency: () => undefined,
    },
    clock,
    metrics,
    log,
  });
  const side = new TutorSide({
    tutor,
    textToSpeech,
    speaker: output,
    transcript,
    book,
    memory: call.tutorMemory,
    language: call.language,
    level: call.level,
    instructions: options.instructions,
    settings: options,
    clock,
    log,
    metrics,
    listener: {
      onMemory: (kept) => (memory = kept),
      onNotice: ({ code }) => (failure = code),
      onOver: () => (over = true),
    },
    onAudible: () => undefined,
    onFinished: () => finished.resolve(),
  });

  const leave = (): void => finished.resolve();
  gone.addEventListener('abort', leave, { once: true });
  const sending = (async () => {
    for await (const chunk of encoder.chunks) {
      if (gone.aborted) return;
      sent = true;
      await form.sound(chunk);
    }
  })();
  sending.catch((error: unknown) => finished.reject(error));
  try {
    side.resume();
    side.answer({
      type: 'answer',
      answer: 1,
      occasion: 'turn',
      text: heard.text,
      speechEndedMs: heard.endedAtMs,
      voicedMs: heard.soundMs,
    });
    await finished.promise;
    encoder.end();
    if (!gone.aborted && failure === undefined) await sending;
  } finally {
    gone.removeEventListener('abort', leave);
    side.close();
  }
  if (failure !== undefined) throw answerFailed(failure);
  if (!sent) {
    if (gone.aborted) return undefined;
    throw answerFailed('engine_failed');
  }
  const durationMs = Math.round(output.encodedMs);
  for (const turn of turns.values()) {
    if (turn.speaker === 'tutor') turns.set(turn.ordinal, { ...turn, durationMs, usage: uses });
  }
  return { text, turns: [...turns.values()], memory, over };
}
