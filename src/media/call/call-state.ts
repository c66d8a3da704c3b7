import type { EndReason } from '../protocol.ts';

/** A call's life, as pure transitions. Times are monotonic milliseconds. */
export type CallState =
  /** The page has a place; its media is not connected yet. */
  | { readonly status: 'connecting'; readonly talkedMs: number; readonly deadlineMs: number }
  | { readonly status: 'live'; readonly talkedMs: number; readonly sinceMs: number }
  /** The media or the page is gone; the same call goes on if it comes back in time. */
  | { readonly status: 'reconnecting'; readonly talkedMs: number; readonly deadlineMs: number }
  | { readonly status: 'ended'; readonly talkedMs: number; readonly reason: EndReason };

export type CallStateEvent = { readonly atMs: number } & (
  | { readonly type: 'media_connected' }
  | { readonly type: 'media_lost' }
  | { readonly type: 'end'; readonly reason: EndReason }
  | { readonly type: 'time_passed' }
);

export type CallEffect =
  /** Talk time runs from now: the first time, or again. */
  | { readonly type: 'go_live'; readonly first: boolean }
  | { readonly type: 'suspend' }
  | { readonly type: 'finish'; readonly reason: EndReason };

export interface CallDeadlines {
  /** From the place to the first media. */
  readonly connectMs: number;
  /** From the loss of the media to giving up. */
  readonly reconnectMs: number;
}

export const defaultCallDeadlines: CallDeadlines = { connectMs: 30_000, reconnectMs: 30_000 };

interface CallStep {
  readonly state: CallState;
  readonly effects: readonly CallEffect[];
}

export function startCall(options: {
  readonly atMs: number;
  readonly talkedMs: number;
  readonly deadlines: CallDeadlines;
}): CallState {
  return { status: 'connecting', talkedMs: options.talkedMs, deadlineMs: options.atMs + options.deadlines.connectMs };
}

/** A state that has ended never changes again: late events leave it as it is. */
export function advanceCall(state: CallState, event: CallStateEvent, deadlines: CallDeadlines): CallStep {
  if (state.status === 'ended') return { state, effects: [] };
  switch (event.type) {
    case 'media_connected':
      if (state.status === 'live') return { state, effects: [] };
      return {
        state: { status: 'live', talkedMs: state.talkedMs, sinceMs: event.atMs },
        effects: [{ type: 'go_live', first: state.status === 'connecting' && state.talkedMs === 0 }],
      };
    case 'media_lost':
      if (state.status !== 'live') return { state, effects: [] };
      return {
        state: {
          status: 'reconnecting',
          talkedMs: talkedMs(state, event.atMs),
          deadlineMs: event.atMs + deadlines.reconnectMs,
        },
        effects: [{ type: 'suspend' }],
      };
    case 'time_passed':
      if (state.status === 'live' || event.atMs < state.deadlineMs) return { state, effects: [] };
      return end(state, event.atMs, state.talkedMs === 0 ? 'never_connected' : 'connection_lost');
    case 'end':
      return end(state, event.atMs, event.reason);
    default:
      return event satisfies never;
  }
}

/** Whole milliseconds with media connected, up to `atMs`. */
export function talkedMs(state: CallState, atMs: number): number {
  return Math.floor(state.status === 'live' ? state.talkedMs + Math.max(0, atMs - state.sinceMs) : state.talkedMs);
}

function end(state: CallState, atMs: number, reason: EndReason): CallStep {
  return {
    state: { status: 'ended', talkedMs: talkedMs(state, atMs), reason },
    effects: [{ type: 'finish', reason }],
  };
}
