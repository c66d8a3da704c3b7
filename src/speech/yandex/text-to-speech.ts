import {
  type Hints,
  LoudnessNormalizationType,
  RawAudio_AudioEncoding,
  StreamSynthesisRequest,
  UtteranceSynthesisRequest,
  UtteranceSynthesisRequest_LoudnessNormalizationType as Loudness,
} from '@yandex-cloud/nodejs-sdk/ai-tts-v3/tts';
import type { SynthesizerClient } from '@yandex-cloud/nodejs-sdk/ai-tts-v3/tts_service';

import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { Language, SynthesisEvent, SynthesisRequest, TextToSpeech } from '../engine.ts';
import type { Channel, StartedCall } from './channel.ts';
import { maxCharacters, speakable, splitIntoPieces } from './spoken-pieces.ts';
import { engineError, ENGINE_NAME } from './status.ts';
import { SynthesisCall, type SynthesisCallOptions, type SynthesisDeadlines } from './synthesis-call.ts';
import { DEFAULT_VOICES, parseVoice, type Voice } from './voice.ts';

/** What SpeechKit documents for raw audio without resampling: 8, 16 or 48 kHz; Opus takes the latter as it is. */
const SAMPLE_RATE = 48_000;
/** `speed` of SpeechKit goes from 0.1 to 3; beyond these it is not understood by learners. */
const MIN_RATE = 0.5;
const MAX_RATE = 2;
/** The deadline of one call, however well it goes on. */
const CALL_DEADLINE_MS = 120_000;
/** A sentence, generously: what is longer was not split. */
const MAX_TEXT_LENGTH = 4_000;

const DEADLINES: SynthesisDeadlines = { firstAudioDeadlineMs: 5_000, stallDeadlineMs: 5_000 };

export interface SynthesisOptions {
  /** By language: `john`, or with a role: `marina:friendly`. */
  readonly voices?: Partial<Readonly<Record<Language, string>>> | undefined;
  /** Hz of the raw audio asked for. */
  readonly sampleRate?: number | undefined;
  /** `utterance`: a call for each piece. `stream`: one call for all pieces of a sentence, which then sound as one. */
  readonly method?: 'utterance' | 'stream' | undefined;
  readonly deadlines?: Partial<SynthesisDeadlines> | undefined;
}

export interface YandexTextToSpeech extends TextToSpeech {
  /** Ends every sentence with a retryable error. Idempotent. */
  close(): void;
}

/** What a voice is asked to do for one sentence. */
interface Spoken {
  readonly voice: Voice;
  readonly rate: number;
  readonly pieces: readonly string[];
}

/**
 * Streaming synthesis by SpeechKit v3: raw 16-bit samples as they are made. `voice` of a request is a voice's name, or
 * a name and a role.
 * Source: https://yandex.cloud/en/docs/speechkit/tts-v3/api-ref/grpc/Synthesizer/utteranceSynthesis
 */
export function createTextToSpeech(
  channel: Channel<SynthesizerClient>,
  options: SynthesisOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): YandexTextToSpeech {
  const { sampleRate = SAMPLE_RATE, method = 'utterance' } = options;
  const voices = { ...DEFAULT_VOICES, ...options.voices };
  const deadlines = { ...DEADLINES, ...options.deadlines };
  const calls = new Set<SynthesisCall>();
  const outputAudioSpec = {
    rawAudio: { audioEncoding: RawAudio_AudioEncoding.LINEAR16_PCM, sampleRateHertz: sampleRate },
  };

  function track({ call, requestId }: StartedCall<SynthesisCallOptions['call']>): SynthesisCall {
    const synthesis = new SynthesisCall({ call, requestId, clock, log, ...deadlines });
    log.debug({ requestId }, 'A synthesis was asked for');
    calls.add(synthesis);
    return synthesis;
  }

  function askForUtterance(text: string, { voice, rate }: Spoken): SynthesisCall {
    const hints: Partial<Hints>[] = [{ voice: voice.name }, { speed: rate }];
    if (voice.role !== undefined) hints.push({ role: voice.role });
    const request = UtteranceSynthesisRequest.fromPartial({
      text,
      hints,
      outputAudioSpec,
      loudnessNormalizationType: Loudness.LUFS,
    });
    const deadline = Date.now() + CALL_DEADLINE_MS;
    return track(channel.start((client, metadata) => client.utteranceSynthesis(request, metadata, { deadline })));
  }

  function askForStream({ voice, rate, pieces }: Spoken): SynthesisCall {
    const deadline = Date.now() + CALL_DEADLINE_MS;
    const started = channel.start((client, metadata) => client.streamSynthesis(metadata, { deadline }));
    const { call } = started;
    const synthesis = track(started);
    call.write(
      StreamSynthesisRequest.fromPartial({
        options: {
          voice: voice.name,
          role: voice.role ?? '',
          speed: rate,
          outputAudioSpec,
          loudnessNormalizationType: LoudnessNormalizationType.LUFS,
        },
      }),
    );
    for (const text of pieces) call.write({ synthesisInput: { text: `${text} ` } });
    call.write({ forceSynthesis: {} });
    call.end();
    return synthesis;
  }

  /** The calls of a sentence, each asked for when the one before it has begun to sound. */
  function* callsFor(spoken: Spoken): Generator<SynthesisCall, undefined> {
    if (method === 'stream') yield askForStream(spoken);
    else for (const piece of spoken.pieces) yield askForUtterance(piece, spoken);
  }

  async function* synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncGenerator<SynthesisEvent> {
    if (signal.aborted) return;
    const rate = spokenRate(request.rate);
    const voice = parseVoice(request.voice ?? voices[request.language]);
    const pieces = splitIntoPieces(checkedText(request.text), maxCharacters(rate));
    if (pieces.length === 0) return;
    const upcoming = callsFor({ voice, rate, pieces });
    let current = upcoming.next().value;
    let next: SynthesisCall | undefined;
    const cancel = () => {
      for (const call of [current, next]) {
        call?.cancel();
        if (call) calls.delete(call);
      }
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      while (current) {
        for await (const event of current.audio) {
          next ??= upcoming.next().value;
          yield event;
          if (signal.aborted) return;
        }
        if (signal.aborted) return;
        calls.delete(current);
        current = next ?? upcoming.next().value;
        next = undefined;
      }
    } finally {
      signal.removeEventListener('abort', cancel);
      cancel();
    }
  }

  return {
    name: ENGINE_NAME,
    sampleRate,
    capabilities: { languages: ['en', 'ru'], wordTimes: false },
    synthesize,
    close() {
      for (const call of calls) call.fail(engineError('engine_unavailable', 'Speech synthesis was closed.'));
      calls.clear();
    },
  };
}

function spokenRate(rate: number): number {
  return Number.isFinite(rate) ? Math.min(MAX_RATE, Math.max(MIN_RATE, rate)) : 1;
}

function checkedText(text: string): string {
  if (text.length <= MAX_TEXT_LENGTH) return speakable(text);
  throw engineError('engine_rejected', `A sentence may have ${MAX_TEXT_LENGTH} characters.`, { retryable: false });
}
