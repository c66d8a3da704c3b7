import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { EngineKind, EngineUse, Language } from '../engine.ts';
import type { Breaker, CircuitBreakers, Probe } from './circuit-breakers.ts';

/** How long an engine may keep a call waiting before the next one is asked; milliseconds. */
export interface FallbackLimits {
  /** From the request to the first words, or the first sound. */
  readonly firstResultMs: number;
  /** Between two pieces of an answer, or of a sentence's sound. */
  readonly stallMs: number;
  /** From the first request to the apology, whatever is still to be tried. */
  readonly answerMs: number;
  /** From the end of an utterance to its final. */
  readonly finalMs: number;
  /** Of the audio that is kept to be heard by another engine. */
  readonly replayMs: number;
}

/** Together less than the silence after which a conversation takes its engine for dead (`turns.engine_silence_ms`). */
export const defaultFallbackLimits: FallbackLimits = {
  firstResultMs: 5_000,
  stallMs: 5_000,
  answerMs: 10_000,
  finalMs: 5_000,
  replayMs: 30_000,
};

/** What the engines of one call share. */
export interface FallbackContext {
  readonly breakers: CircuitBreakers;
  readonly limits: FallbackLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onUse: (use: EngineUse) => void;
  readonly onChange: (change: {
    readonly kind: EngineKind;
    readonly from: string;
    readonly to: string;
    readonly code: string;
  }) => void;
}

export interface Candidate<Engine> {
  readonly engine: Engine;
  readonly breaker: Breaker;
}

/** A call's engines of one kind, each with the breaker that it shares with the other calls. */
export function candidatesOf<Engine extends { readonly name: string }>(
  { breakers }: Pick<FallbackContext, 'breakers'>,
  kind: EngineKind,
  engines: readonly Engine[],
  probeOf: (engine: Engine) => Probe,
): readonly Candidate<Engine>[] {
  return engines.map((engine) => ({ engine, breaker: breakers.of(kind, engine, probeOf) }));
}

/** Those that speak the language; all, where none says that it does. */
export function ableTo<Engine extends { readonly capabilities: { readonly languages: readonly Language[] } }>(
  candidates: readonly Candidate<Engine>[],
  language: Language,
): readonly Candidate<Engine>[] {
  const able = candidates.filter(({ engine }) => engine.capabilities.languages.includes(language));
  return able.length > 0 ? able : candidates;
}

/**
 * In the order in which to try them: as listed, but those that are left alone for now at the end. They are
 * tried all the same when nothing else is left: a call that gives up has certainly failed.
 */
export function inOrderOfTrial<Engine>(candidates: readonly Candidate<Engine>[]): readonly Candidate<Engine>[] {
  return [
    ...candidates.filter(({ breaker }) => breaker.closed),
    ...candidates.filter(({ breaker }) => !breaker.closed),
  ];
}
