import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { TutorMemory } from '../../speech/engine.ts';
import type { VoiceActivityDetector } from '../audio/vad.ts';
import type { CallMetrics } from '../call/call-metrics.ts';
import type { CallEngines } from '../call/registry.ts';
import type { CallRecord, ConversationSettings, TurnRecord } from '../call/ports.ts';
import { defaultTurnSettings } from '../call/turn-settings.ts';
import type { AudioDecoder, Transcoder } from '../transcoding/transcoder.ts';
import type { AnswerForm } from './answer-forms.ts';
import { type HearingPace, hearTurn } from './hear-turn.ts';
import { speakAnswer } from './spoken-answer.ts';
import { upload } from './upload.ts';
import { noMinutes, speechNotHeard } from './voice-turn-errors.ts';
import { uploadLimitMs, type VoiceTurnLimits } from './voice-turn-settings.ts';

/** What turns need of the process that they run in. */
export interface TurnTools {
  readonly transcoder: Transcoder;
  readonly detector: Pick<VoiceActivityDetector, 'openStream' | 'idle'>;
  /** For engines that are slower, or faster, than most. */
  readonly hearingPace?: HearingPace;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: CallMetrics;
}

export interface TurnOptions {
  readonly call: CallRecord;
  /** Earlier turns, oldest first. */
  readonly earlier: readonly TurnRecord[];
  readonly body: AsyncIterable<Uint8Array>;
  readonly form: AnswerForm;
  /** Nobody waits for the answer any more, or the conversation has ended. */
  readonly gone: AbortSignal;
  readonly engines: CallEngines;
  readonly instructions: string;
  readonly limits: VoiceTurnLimits;
  readonly settings: ConversationSettings | undefined;
  /** Talk time that is held for the call. */
  readonly heldMs: number;
  /** Has more of it held; answers how much is. */
  readonly reserve: (coverMs: number) => Promise<number>;
}

/** A turn that has happened: it counts. */
export interface TakenTurn {
  readonly heard: string;
  readonly answer: string;
  /** Of the audio that was sent. */
  readonly soundMs: number;
  readonly turns: readonly TurnRecord[];
  readonly memory: TutorMemory | undefined;
  readonly over: boolean;
}

/** How long the last words may take. */
const FINAL_DEADLINE_MS = 20_000;

/**
 * One turn: it is decoded and heard while it is uploaded, answered, and the answer sent while it is spoken.
 * @returns `undefined` when nobody waited for the answer
 * @throws AppError: whatever is wrong with the audio, the balance or the engines; then the turn has not happened
 */
export async function takeTurn(options: TurnOptions, tools: TurnTools): Promise<TakenTurn | undefined> {
  const { call, engines, limits, settings, gone, form } = options;
  const { transcoder, clock } = tools;
  const failed = new AbortController();
  const signal = AbortSignal.any([gone, failed.signal]);
  const decoder = transcoder.decode({
    container: 'auto',
    signal,
    limits: { maxBytes: limits.maxBytes, maxDurationMs: limits.maxDurationMs },
  });
  // It takes 50 ms to start: they pass while the upload does.
  const encoder = transcoder.encodeMp3({ sampleRate: engines.textToSpeech.sampleRate, signal });
  try {
    const heard = await hear(decoder, options, tools, signal);
    if (gone.aborted) return undefined;
    if (heard.text === '') throw speechNotHeard();
    form.heard(call.id, heard.text);
    const answer = await speakAnswer({
      ...options,
      ...tools,
      heard,
      encoder,
      engineSilenceMs: (settings?.turns ?? defaultTurnSettings).engineSilenceMs,
    });
    if (!answer) return undefined;
    const { text, turns, memory, over } = answer;
    return { heard: heard.text, answer: text, soundMs: heard.soundMs, turns, memory, over };
  } catch (error) {
    if (gone.aborted) return undefined;
    throw error;
  } finally {
    failed.abort();
    await Promise.all([decoder.close(), encoder.close()]);
  }

  async function hear(
    from: AudioDecoder,
    { body, engines: { speechToText: engine }, ...turn }: TurnOptions,
    { detector, hearingPace: pace }: TurnTools,
    stop: AbortSignal,
  ): Promise<{ text: string; endedAtMs: number; soundMs: number }> {
    const uploading = upload({
      body,
      decoder: from,
      clock,
      silenceMs: limits.uploadSilenceMs,
      limitMs: uploadLimitMs(limits),
    });
    const hearing = hearTurn({
      clock,
      pace,
      frames: covered(from, turn),
      engine,
      detector,
      language: call.language,
      signal: stop,
      finalDeadlineMs: FINAL_DEADLINE_MS,
      ...(settings && { voice: settings.voice }),
    });
    // The one that fails ends the other; its failure is the turn's.
    const abort = (): void => failed.abort();
    uploading.catch(abort);
    hearing.catch(abort);
    const [heard] = await Promise.all([hearing, uploading]);
    return { ...heard, soundMs: from.decodedMs };
  }
}

/** The frames, no further than the balance covers. @throws AppError `no_minutes` */
async function* covered(
  decoder: AudioDecoder,
  { call, heldMs, reserve }: Pick<TurnOptions, 'call' | 'heldMs' | 'reserve'>,
): AsyncGenerator<Int16Array> {
  let held = heldMs;
  for await (const frame of decoder.frames) {
    const talkedMs = call.talkedMs + decoder.decodedMs;
    if (talkedMs > held) held = await reserve(talkedMs);
    if (talkedMs > held) throw noMinutes();
    yield frame;
  }
}
