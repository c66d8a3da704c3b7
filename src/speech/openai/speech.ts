import type OpenAI from 'openai';

import type { SynthesisEvent, SynthesisRequest, TextToSpeech } from '../engine.ts';
import { PcmAssembler } from '../pcm-assembler.ts';
import { ENGINE_NAME, engineError, errorOfRequest } from './engine-errors.ts';
import type { OpenAiContext } from './options.ts';
import { Watchdog } from './watchdog.ts';

/** https://developers.openai.com/api/reference/resources/audio/subresources/speech */
const MAX_CHARACTERS = 4_096;
const VOICE_NAME = /^[a-z][a-z0-9_-]{0,63}$/i;

/** Text to speech, streamed as raw PCM at 24 kHz as it is made; one request a sentence. */
export function createSpeech(client: OpenAI, context: OpenAiContext): TextToSpeech {
  const { clock, limits, log } = context;

  async function* synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncGenerator<SynthesisEvent> {
    if (signal.aborted) return;
    const input = request.text
      .toWellFormed()
      .replaceAll(/\p{Cc}+/gu, ' ')
      .trim();
    if (!/[\p{L}\p{N}]/u.test(input)) return;
    if (input.length > MAX_CHARACTERS) {
      throw engineError('engine_rejected', `A sentence may have ${MAX_CHARACTERS} characters.`, { retryable: false });
    }
    const stop = new AbortController();
    let late = false;
    const watchdog = new Watchdog(clock, () => {
      late = true;
      stop.abort();
    });
    try {
      watchdog.expect(limits.firstResultMs);
      const response = await client.audio.speech.create(
        {
          model: context.models.speech,
          voice: voiceOf(request, context),
          input,
          response_format: 'pcm',
          speed: Math.min(4, Math.max(0.25, Number.isFinite(request.rate) ? request.rate : 1)),
        },
        { signal: AbortSignal.any([signal, stop.signal]) },
      );
      log.debug({ engine: ENGINE_NAME, requestId: response.headers.get('x-request-id') }, 'OpenAI speaks');
      if (/json|text/.test(response.headers.get('content-type') ?? '') || !response.body) {
        throw engineError('engine_failed', 'OpenAI sent something other than audio.');
      }
      const pcm = new PcmAssembler();
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        if (signal.aborted) return;
        watchdog.rest();
        const samples = pcm.push(chunk);
        if (samples.length > 0) yield { type: 'audio', samples };
        if (signal.aborted) return;
        watchdog.expect(limits.stallMs);
      }
    } catch (error) {
      if (signal.aborted) return;
      const failure = late ? engineError('engine_timed_out', 'OpenAI stopped speaking.') : errorOfRequest(error);
      log.warn({ engine: ENGINE_NAME, err: failure }, 'Speech by OpenAI failed');
      throw failure;
    } finally {
      watchdog.rest();
      // Whoever leaves early does not leave the connection to its end.
      stop.abort();
    }
  }

  return {
    name: ENGINE_NAME,
    sampleRate: 24_000,
    capabilities: { languages: ['en', 'ru'], wordTimes: false },
    synthesize,
  };
}

function voiceOf({ voice }: SynthesisRequest, context: OpenAiContext): string {
  if (voice === undefined) return context.voice;
  if (VOICE_NAME.test(voice)) return voice;
  throw engineError('engine_rejected', 'There is no such voice.', { retryable: false });
}
