/**
 * A circuit breaker as a pure function: `(circuit, event) → circuit`, with time only in the events. While it is closed the
 * engine is used. Enough failures in a row open it: then nobody waits for the engine, until a probe in the background has
 * shown that it works again. (M. Nygard, Release It!, "Circuit Breaker".)
 */
export type Circuit =
  | { readonly status: 'closed'; readonly failures: number }
  | {
      readonly status: 'open';
      readonly untilMs: number;
      /** How often it opened without having worked between. */
      readonly openings: number;
    }
  /** Half open: one probe is under way. */
  | { readonly status: 'probing'; readonly openings: number };

export type CircuitEvent = { readonly atMs: number } & (
  | { readonly type: 'succeeded' }
  /** `lasting`: another attempt would fail too (a bad key, a spent quota). `retryAfterMs`: for so long, says the engine. */
  | { readonly type: 'failed'; readonly lasting: boolean; readonly retryAfterMs?: number | undefined }
  | { readonly type: 'time_passed' }
);

export interface CircuitSettings {
  /** Failures in a row that open it. */
  readonly failuresToOpen: number;
  /** From the opening to the first probe; each further one waits twice as long. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export const defaultCircuitSettings: CircuitSettings = {
  failuresToOpen: 3,
  firstPauseMs: 5_000,
  longestPauseMs: 300_000,
};

export const closedCircuit: Circuit = { status: 'closed', failures: 0 };

export function advanceCircuit(circuit: Circuit, event: CircuitEvent, settings: CircuitSettings): Circuit {
  switch (event.type) {
    case 'succeeded':
      return circuit.status === 'closed' && circuit.failures === 0 ? circuit : closedCircuit;
    case 'failed':
      return fail(circuit, event, settings);
    case 'time_passed':
      return circuit.status === 'open' && event.atMs >= circuit.untilMs
        ? { status: 'probing', openings: circuit.openings }
        : circuit;
    default:
      return event satisfies never;
  }
}

function fail(
  circuit: Circuit,
  { atMs, lasting, retryAfterMs = 0 }: CircuitEvent & { type: 'failed' },
  settings: CircuitSettings,
): Circuit {
  switch (circuit.status) {
    case 'closed': {
      const failures = circuit.failures + 1;
      // What it asks for is longer than a call would wait for it.
      const hopeless = lasting || retryAfterMs >= settings.firstPauseMs;
      return hopeless || failures >= settings.failuresToOpen
        ? open(atMs, 1, retryAfterMs, settings)
        : { status: 'closed', failures };
    }
    case 'probing':
      return open(atMs, circuit.openings + 1, retryAfterMs, settings);
    case 'open':
      // A call that began before it opened: that says nothing new.
      return circuit;
    default:
      return circuit satisfies never;
  }
}

function open(
  atMs: number,
  openings: number,
  retryAfterMs: number,
  { firstPauseMs, longestPauseMs }: CircuitSettings,
): Circuit {
  const pauseMs = Math.min(longestPauseMs, Math.max(retryAfterMs, firstPauseMs * 2 ** (openings - 1)));
  return { status: 'open', untilMs: atMs + pauseMs, openings };
}
