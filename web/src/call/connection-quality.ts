export type ConnectionQuality = 'unknown' | 'good' | 'fair' | 'poor';

/** Totals at one moment, as WebRTC counts them; absent where the browser does not say. */
export interface LinkSample {
  readonly roundTripMs: number | undefined;
  /** The learner's packets that did not arrive, 0…1, over the last report's time. */
  readonly lostThere: number | undefined;
  readonly received: number;
  readonly lost: number;
  readonly jitterMs: number | undefined;
}

/**
 * From two samples in a row. The steps follow ITU-T G.114 (one way up to 150 ms is fine, above 400 ms is not) and the
 * loss that Opus with in-band FEC still hides well (about 3 %).
 */
export function judgeConnection(before: LinkSample | undefined, now: LinkSample): ConnectionQuality {
  const received = now.received - (before?.received ?? 0);
  const lost = now.lost - (before?.lost ?? 0);
  const lostHere = received + lost > 0 ? Math.max(0, lost) / (received + lost) : 0;
  const loss = Math.max(lostHere, now.lostThere ?? 0);
  const roundTripMs = now.roundTripMs ?? 0;
  const jitterMs = now.jitterMs ?? 0;
  if (loss > 0.1 || roundTripMs > 600 || jitterMs > 120) return 'poor';
  if (loss > 0.03 || roundTripMs > 300 || jitterMs > 50) return 'fair';
  if (now.roundTripMs === undefined && received === 0) return 'unknown';
  return 'good';
}
