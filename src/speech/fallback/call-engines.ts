import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { EngineKind, EngineUse, PricedUse, SpeechToSpeech, SpeechToText, TextToSpeech, Tutor } from '../engine.ts';
import { type CircuitSettings, defaultCircuitSettings } from './circuit.ts';
import { CircuitBreakers } from './circuit-breakers.ts';
import { createEngineMetrics } from './engine-metrics.ts';
import type { FallbackContext, FallbackLimits } from './fallback-context.ts';
import { FallbackSpeechToText } from './fallback-speech-to-text.ts';
import { FallbackTextToSpeech } from './fallback-text-to-speech.ts';
import { FallbackTutor } from './fallback-tutor.ts';
import { speechToSpeechBreaker, watchSpeechToSpeech } from './metered-speech-to-speech.ts';
import { costOf, type PriceList } from './prices.ts';

/** The engines of a call, of each kind the first to be tried first. */
export interface EngineLists {
  /** Tried before the pipeline; none: the pipeline carries the call from its beginning. */
  readonly speechToSpeech: readonly SpeechToSpeech[];
  readonly speechToText: readonly SpeechToText[];
  readonly tutors: readonly Tutor[];
  readonly textToSpeech: readonly TextToSpeech[];
}

export interface EngineChangeReport {
  readonly kind: EngineKind;
  readonly from: string;
  readonly to: string;
  readonly code: string;
}

export interface EngineListener {
  onUse(use: PricedUse): void;
  onChange(change: EngineChangeReport): void;
}

/** One call's engines: each stands for its whole list. */
export interface FallbackEngines {
  readonly speechToSpeech?: SpeechToSpeech;
  readonly speechToText: SpeechToText;
  readonly tutor: Tutor;
  readonly textToSpeech: TextToSpeech;
  /** Who hears of costs and changes from now on. */
  listen(listener: EngineListener): void;
  /** The call itself went from one to another. */
  changed(change: EngineChangeReport): void;
}

export interface FallbackOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly circuits?: CircuitSettings;
}

/** What is set for a call when it begins. */
export interface FallbackSettings {
  readonly prices: PriceList;
  readonly limits: FallbackLimits;
}

export interface Fallback {
  forCall(lists: EngineLists, settings: FallbackSettings, log: Logger): FallbackEngines;
  /** Ends the probes. Idempotent. */
  close(): void;
}

/** A probe hurries nobody. */
const PROBE_LIMIT_MS = 10_000;

/** What the calls of a process share: which engines are left alone, and what is counted. */
export function createFallback(options: FallbackOptions): Fallback {
  const { clock, log, circuits = defaultCircuitSettings } = options;
  const metrics = createEngineMetrics(options.metrics);
  const breakers = new CircuitBreakers({
    settings: circuits,
    probeLimitMs: PROBE_LIMIT_MS,
    clock,
    log,
    metrics,
  });

  return {
    forCall(lists, { prices, limits }, callLog) {
      let listener: EngineListener | undefined;
      const context: FallbackContext = {
        breakers,
        limits,
        clock,
        log: callLog,
        onUse(use: EngineUse) {
          const priced = { ...use, costMicroRub: costOf(use, prices) };
          metrics.cost.inc({ kind: use.kind, engine: use.engine }, priced.costMicroRub / 1_000_000);
          listener?.onUse(priced);
        },
        onChange(change) {
          metrics.switches.inc({ kind: change.kind, from: change.from, to: change.to });
          callLog.warn({ ...change }, 'A call moved to another engine');
          listener?.onChange(change);
        },
      };
      const inOne = lists.speechToSpeech.find((engine) => speechToSpeechBreaker(engine, { breakers }).closed);
      return {
        ...(inOne && { speechToSpeech: watchSpeechToSpeech(inOne, context) }),
        speechToText: new FallbackSpeechToText(lists.speechToText, context),
        tutor: new FallbackTutor(lists.tutors, context),
        textToSpeech: new FallbackTextToSpeech(lists.textToSpeech, context),
        listen: (next) => (listener = next),
        changed: (change) => context.onChange(change),
      };
    },
    close: () => breakers.close(),
  };
}
