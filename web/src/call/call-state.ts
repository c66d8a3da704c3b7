import type { CallPhase, Caption, EndReason, TurnLatency } from '../../../src/media/protocol.ts';
import type { CallProblem } from './problems.ts';

/** The call as the page sees it. How it goes on: `call-step.ts`. */
export type CallState =
  | { readonly status: 'idle' }
  | StartingCall
  | LiveCall
  | {
      readonly status: 'over';
      readonly callId: string;
      readonly reason: EndReason;
      readonly talkedMs: number;
      readonly captions: readonly Caption[];
    }
  | { readonly status: 'failed'; readonly problem: CallProblem; readonly callId: string | undefined };

export interface StartingCall {
  readonly status: 'starting';
  /** The page was loaded again in the middle of a call. */
  readonly resuming: boolean;
  readonly microphone: 'asking' | 'ready';
}

export interface LiveCall {
  readonly status: 'live';
  readonly callId: string;
  /** As the media process says it; what to show is `shownPhase()`. */
  readonly phase: CallPhase;
  readonly signaling: 'up' | 'lost';
  /** The way by WebRTC. */
  readonly media: MediaLink;
  /** The way over signaling's connection, for when the other does not get through, or by the learner's choice. */
  readonly socket: 'off' | 'opening' | 'on';
  readonly prefersSocket: boolean;
  readonly muted: boolean;
  /** Both voices are being recorded now. */
  readonly recording: boolean;
  /** End call was pressed. */
  readonly ending: boolean;
  readonly captions: readonly Caption[];
  readonly reading: TimeReading;
  readonly warnMinutes: 1 | 2 | null;
  /** From the end of the learner's speech to the first packet of the answer. */
  readonly replyMs: number | undefined;
  /** Of the last replies, oldest first. */
  readonly latencies: readonly TurnLatency[];
  readonly notices: readonly Notice[];
}

export type MediaLink = 'connecting' | 'up' | 'lost';

/** The server's last word on time; `atMs` is the page's monotonic clock when it came. */
export interface TimeReading {
  readonly talkedMs: number;
  readonly leftMs: number;
  readonly atMs: number;
}

export interface Notice {
  readonly code: string;
  /** The server's own words, shown when the page has none for the code. */
  readonly message: string;
}

/** A voice gets through, by whichever way. */
export const carries = (state: LiveCall): boolean => state.media === 'up' || state.socket === 'on';

/** The phase to show: a lost link outranks what the tutor was doing when it was lost. */
export function shownPhase(state: LiveCall): CallPhase {
  if (state.signaling === 'up' && state.socket === 'on') return state.phase;
  if (state.signaling === 'lost' || state.media === 'lost') return 'reconnecting';
  return state.media === 'connecting' ? 'connecting' : state.phase;
}

/** Time at `nowMs`: between the server's readings it runs on only while there is media. */
export function readTime(state: LiveCall, nowMs: number): TimeReading {
  const passed = carries(state) ? Math.max(0, nowMs - state.reading.atMs) : 0;
  return {
    talkedMs: state.reading.talkedMs + passed,
    leftMs: Math.max(0, state.reading.leftMs - passed),
    atMs: nowMs,
  };
}
