import {
  EngineError,
  type Language,
  type SynthesisEvent,
  type SynthesisRequest,
  type TextToSpeech,
} from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { PcmAssembler } from '../pcm-assembler.ts';
import type { ProgramRun } from './program-messages.ts';
import { ProgramError, ProgramRunner } from './program-runner.ts';
import { Turnstile } from './turnstile.ts';

const NAME = 'local';
/** What eSpeak NG makes with its own voices. */
const SAMPLE_RATE = 22_050;
/** Its `--stdout` begins with a WAV header whose length is false, because it cannot know it. */
const WAV_HEADER_BYTES = 44;
const VOICES: Readonly<Record<Language, string>> = { en: 'en-us', ru: 'ru' };
/** A little under eSpeak NG's own 175 (`-s` in its manual): the listeners are learners. */
const WORDS_PER_MINUTE = 160;
const MIN_WORDS_PER_MINUTE = 80;
const MAX_WORDS_PER_MINUTE = 450;
/** A sentence, generously: what is longer was not split. */
const MAX_TEXT_LENGTH = 2_000;
/** A voice's name goes to the program as an argument: nothing that could be an option or a path. */
const VOICE_NAME = /^[a-z][a-z0-9+-]{0,31}$/i;

export interface EspeakOptions {
  /** Name on the PATH, or a path. */
  readonly program?: string;
  /** Sentences synthesized at a time in this process; more wait their turn. Each takes some 20 ms. */
  readonly concurrency?: number;
  /** One sentence may take this long. */
  readonly deadlineMs?: number;
}

export interface Espeak extends TextToSpeech {
  /** Makes ready for the first sentence; it else does so by itself. */
  start(): void;
  /** Idempotent. */
  close(): Promise<void>;
}

/**
 * Text to speech by the eSpeak NG program, one run for a sentence: the first audio comes after some 10 ms.
 * 22 050 Hz; English and Russian. `rate` becomes words per minute.
 */
export function createEspeak({
  program = 'espeak-ng',
  concurrency = 4,
  deadlineMs = 10_000,
}: EspeakOptions = {}): Espeak {
  const runner = new ProgramRunner();
  const turnstile = new Turnstile(concurrency);

  async function* synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncGenerator<SynthesisEvent> {
    if (signal.aborted) return;
    const input = checkedInput(request);
    if (input === '') return;
    const args = ['--stdout', '-b', '1', '-v', voiceOf(request), '-s', String(wordsPerMinute(request.rate)), '--stdin'];
    const audio = new EventQueue<SynthesisEvent>();
    void pump({ program, args, input, deadlineMs }, audio, signal);
    yield* audio;
  }

  /** Keeps the place in the turnstile for as long as the program runs, however slowly its audio is taken. */
  async function pump(run: ProgramRun, audio: EventQueue<SynthesisEvent>, signal: AbortSignal): Promise<void> {
    const stop = () => audio.endNow();
    signal.addEventListener('abort', stop, { once: true });
    const leave = await turnstile.enter(signal);
    try {
      if (!leave) return;
      const pcm = new PcmAssembler(WAV_HEADER_BYTES);
      for await (const bytes of runner.run(run, signal)) {
        if (audio.ended) return;
        const samples = pcm.push(bytes);
        if (samples.length > 0) audio.push({ type: 'audio', samples });
      }
    } catch (error) {
      audio.fail(toEngineError(error, program));
    } finally {
      signal.removeEventListener('abort', stop);
      leave?.();
      audio.end();
    }
  }

  return {
    name: NAME,
    sampleRate: SAMPLE_RATE,
    capabilities: { languages: ['en', 'ru'], wordTimes: false },
    synthesize,
    start: () => runner.start(),
    close: () => runner.close(),
  };
}

function checkedInput({ text }: SynthesisRequest): string {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new EngineError({
      engine: NAME,
      code: 'engine_rejected',
      message: `A sentence may have ${MAX_TEXT_LENGTH} characters; this one has ${text.length}.`,
      retryable: false,
    });
  }
  // Double brackets would be read as phonemes, control characters as commands.
  return text.replaceAll(/[[\]]+|\p{Cc}+/gu, ' ').trim();
}

function voiceOf({ voice, language }: SynthesisRequest): string {
  if (voice === undefined) return VOICES[language];
  if (VOICE_NAME.test(voice)) return voice;
  throw new EngineError({
    engine: NAME,
    code: 'engine_rejected',
    message: 'There is no such voice.',
    retryable: false,
  });
}

function wordsPerMinute(rate: number): number {
  const wanted = Math.round(WORDS_PER_MINUTE * (Number.isFinite(rate) ? rate : 1));
  return Math.min(MAX_WORDS_PER_MINUTE, Math.max(MIN_WORDS_PER_MINUTE, wanted));
}

function toEngineError(error: unknown, program: string): EngineError {
  if (error instanceof EngineError) return error;
  const reason = error instanceof ProgramError ? error.reason : 'failed';
  if (reason === 'missing') {
    return new EngineError({
      engine: NAME,
      code: 'engine_program_missing',
      message: `${program} is not installed. Bring it with: apt-get install espeak-ng`,
      retryable: false,
      cause: error,
    });
  }
  return new EngineError({
    engine: NAME,
    code: reason === 'timed_out' ? 'engine_timed_out' : 'engine_failed',
    message: reason === 'timed_out' ? `${program} took too long.` : `${program} failed.`,
    retryable: true,
    cause: error,
  });
}
